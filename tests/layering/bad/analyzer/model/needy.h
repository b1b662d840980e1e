int needy(size_t what_it_does_not_include);
