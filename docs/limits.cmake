# Fails unless docs/architecture.md has a row for each limit of preload/limits.h, and no other.
# SOURCE: the source tree.
file(READ ${SOURCE}/preload/limits.h text)
string(REGEX MATCHALL "X\\([a-z_]+, \"" limits "${text}")
list(TRANSFORM limits REPLACE "X\\(([a-z_]+), \"" "\\1")
file(READ ${SOURCE}/docs/architecture.md text)
string(REGEX MATCHALL "\n\\| `[a-z_]+` \\|" rows "${text}")
list(TRANSFORM rows REPLACE "\n\\| `([a-z_]+)` \\|" "\\1")
list(SORT limits)
list(SORT rows)
if(NOT limits OR NOT "${limits}" STREQUAL "${rows}")
  message(FATAL_ERROR "limits in preload/limits.h: ${limits}\nin docs/architecture.md: ${rows}")
endif()
