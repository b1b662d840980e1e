/* SPDX-License-Identifier: MIT */
/* gen_manual.c: makes the manual pages and the shells' completions from the commands' manuals.
 *
 *     ws_gen_manual man TEMPLATE [COMMAND]   a page for scdoc: TEMPLATE with its marks filled in
 *     ws_gen_manual bash | zsh               a completion
 *     ws_gen_manual list                     every option, a line each, for tests
 *
 * Runs at build time. Marks of a template stand on lines of their own: @OPTIONS@, @STATUSES@,
 * @VARIABLES@, @EXAMPLES@, @SYNOPSIS@, @COMMANDS@.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/command.h"

/* --- scdoc --- */

/* Text of the tables as scdoc's: `words` in bold, a newline begins a paragraph. */
static void put_text(const char *text, const char *indent)
{
	bool bold = false;

	/* Not a list. */
	if (*text == '-')
		putchar('\\');
	for (; *text; text++) {
		switch (*text) {
		case '`':
			putchar('*');
			bold = !bold;
			break;
		case '\n':
			printf("\n\n%s", indent);
			break;
		case '*':
		case '_':
		case '\\':
		case '<':
		case '~':
			putchar('\\');
			putchar(*text);
			break;
		default:
			putchar(*text);
			break;
		}
	}
	if (bold)
		exit(EXIT_FAILURE);
}

static void put_words(const struct ws_row *row)
{
	const char *word, *summary;
	char buffer[64];
	bool any = false;

	if (!ws_row_lists(row))
		return;
	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++) {
		if (summary) {
			printf("\n\t*%s*\n\t\t", word);
			put_text(summary, "\t\t");
			putchar('\n');
			continue;
		}
		printf("%s*", any ? ", " : "\n\t");
		put_text(word, "");
		putchar('*');
		any = true;
	}
	if (any)
		putchar('\n');
}

static void put_options(const struct ws_manual *manual)
{
	const struct ws_row *row;

	for (size_t i = 0; (row = ws_manual_at(manual, i)); i++) {
		if (!row->name) {
			printf("## %s\n\n", row->help);
			continue;
		}
		if (row->id < 256)
			printf("*-%c*, ", row->id);
		printf("*--%s*", row->name);
		if (row->value) {
			printf(" _");
			put_text(row->value, "");
			putchar('_');
		}
		printf("\n\t");
		put_text(row->help, "\t");
		putchar('\n');
		put_words(row);
		putchar('\n');
	}
}

static void put_mark(const char *mark, const struct ws_manual *manual)
{
	if (strcmp(mark, "@COMMANDS@") == 0) {
		for (const struct ws_command *c = ws_commands; c->manual; c++) {
			printf("*waitscope-%s*(1)\n\t", c->manual->command);
			put_text(c->manual->summary, "\t");
			printf("\n\n");
		}
	} else if (!manual) {
		fprintf(stderr, "ws_gen_manual: %s: it needs a command\n", mark);
		exit(EXIT_FAILURE);
	} else if (strcmp(mark, "@OPTIONS@") == 0) {
		put_options(manual);
	} else if (strcmp(mark, "@SYNOPSIS@") == 0) {
		printf("*waitscope %s* ", manual->command);
		put_text(manual->synopsis, "");
		printf("\n");
	} else if (strcmp(mark, "@STATUSES@") == 0) {
		for (const struct ws_manual_status *s = manual->statuses; s->status >= 0; s++) {
			printf("*%d*\n\t", s->status);
			put_text(s->means, "\t");
			printf("\n\n");
		}
	} else if (strcmp(mark, "@VARIABLES@") == 0) {
		for (const struct ws_manual_variable *v = manual->variables; v && v->name; v++) {
			printf("*");
			put_text(v->name, "");
			printf("*\n\t");
			put_text(v->means, "\t");
			printf("\n\n");
		}
	} else if (strcmp(mark, "@EXAMPLES@") == 0) {
		printf("```\n");
		for (size_t i = 0; manual->examples[i]; i++)
			printf("%s\n", manual->examples[i]);
		printf("```\n");
	} else {
		fprintf(stderr, "ws_gen_manual: %s: there is no such mark\n", mark);
		exit(EXIT_FAILURE);
	}
}

static int make_page(const char *template, const struct ws_manual *manual)
{
	FILE *file = fopen(template, "r");
	char line[4096];

	if (!file) {
		perror(template);
		return EXIT_FAILURE;
	}
	while (fgets(line, sizeof(line), file)) {
		if (line[0] != '@') {
			fputs(line, stdout);
			continue;
		}
		line[strcspn(line, "\n")] = '\0';
		put_mark(line, manual);
	}
	fclose(file);
	return EXIT_SUCCESS;
}

/* --- bash --- */

static const char bash_engine[] =
	"# Folders that hold a trace; where there is none, any folder.\n"
	"_waitscope_traces() {\n"
	"\tlocal dir IFS=$'\\n'\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tfor dir in $(compgen -d -- \"$1\"); do\n"
	"\t\t[[ -e $dir/waitscope-run.json || -e $dir/metadata ]] && COMPREPLY+=(\"$dir\")\n"
	"\tdone\n"
	"\t((${#COMPREPLY[@]})) || COMPREPLY=($(compgen -d -- \"$1\"))\n"
	"}\n"
	"\n"
	"# What may follow option $2 of command $1, of which $3 is typed.\n"
	"_waitscope_complete_value() {\n"
	"\tlocal words=$(_waitscope_words \"$1\" \"$2\") cur=$3 before= IFS=$' \\t\\n'\n"
	"\tcase $words in\n"
	"\t@file | @folder) compopt -o filenames 2>/dev/null; IFS=$'\\n'\n"
	"\t\tCOMPREPLY=($(compgen -f -- \"$cur\")) ;;\n"
	"\t,*) [[ $cur == *,* ]] && before=${cur%,*},\n"
	"\t\tcompopt -o nospace 2>/dev/null\n"
	"\t\tCOMPREPLY=($(compgen -P \"$before\" -W \"${words#,}\" -- \"${cur##*,}\")) ;;\n"
	"\t*) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")) ;;\n"
	"\tesac\n"
	"}\n"
	"\n"
	"_waitscope() {\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev= command=${COMP_WORDS[1]} i word argument=0\n"
	"\tCOMPREPLY=()\n"
	"\tif ((COMP_CWORD == 1)); then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_waitscope_commands) help --help --version\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ $command == help ]]; then\n"
	"\t\t((COMP_CWORD == 2)) && COMPREPLY=($(compgen -W \"$(_waitscope_commands)\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t# Which words are options, their values, and arguments: `=` is a word of its own.\n"
	"\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tprev=\n"
	"\t\tcase $word in\n"
	"\t\t--) ((i++)); argument=$i; break ;;\n"
	"\t\t-?*) if [[ -n $(_waitscope_takes \"$command\" \"$word\") ]]; then\n"
	"\t\t\t\tprev=$word\n"
	"\t\t\t\t[[ ${COMP_WORDS[i + 1]} == = ]] && ((i + 1 < COMP_CWORD)) && ((i++))\n"
	"\t\t\t\t((i + 1 == COMP_CWORD)) && break\n"
	"\t\t\t\t((i++))\n"
	"\t\t\tfi ;;\n"
	"\t\t*) argument=$i; prev=\n"
	"\t\t\t[[ $(_waitscope_argument \"$command\") == @program ]] && break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tif ((argument == 0)) && [[ -n $prev ]] && ((i + 1 == COMP_CWORD)); then\n"
	"\t\t[[ $cur == = ]] && cur=\n"
	"\t\t_waitscope_complete_value \"$command\" \"$prev\" \"$cur\"\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tif [[ $(_waitscope_argument \"$command\") == @program ]]; then\n"
	"\t\tif ((argument && argument < COMP_CWORD)); then\n"
	"\t\t\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t\t\t_command_offset \"$argument\"\n"
	"\t\t\telse\n"
	"\t\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\t\tlocal IFS=$'\\n'\n"
	"\t\t\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n"
	"\t\t\tfi\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\t\tif [[ $cur != -* ]]; then\n"
	"\t\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\t\tlocal IFS=$'\\n'\n"
	"\t\t\tCOMPREPLY=($(compgen -c -- \"$cur\") $(compgen -d -- \"$cur\"))\n"
	"\t\t\treturn\n"
	"\t\tfi\n"
	"\tfi\n"
	"\tif [[ $cur == -* ]] && ((!argument || argument > COMP_CWORD)) ||\n"
	"\t\t[[ $cur == -* && $(_waitscope_argument \"$command\") != @program ]]; then\n"
	"\t\tCOMPREPLY=($(compgen -W \"$(_waitscope_options \"$command\")\" -- \"$cur\"))\n"
	"\t\treturn\n"
	"\tfi\n"
	"\t[[ $(_waitscope_argument \"$command\") == @trace ]] && _waitscope_traces \"$cur\"\n"
	"\treturn 0\n"
	"}\n"
	"complete -F _waitscope waitscope\n";

static void bash_words(const struct ws_manual *manual, const struct ws_row *row)
{
	const char *word, *summary;
	char buffer[64];
	bool first = true;

	if (!row->value)
		return;
	printf("\t%s:--%s", manual->command, row->name);
	if (row->id < 256)
		printf(" | %s:-%c", manual->command, row->id);
	printf(") echo '%s", strstr(row->value, "[,") ? "," : "");
	if (row->words && *row->words == '@')
		printf("%s", row->words);
	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++) {
		printf("%s%s", first ? "" : " ", word);
		first = false;
	}
	printf("' ;;\n");
}

static void make_bash(void)
{
	const struct ws_row *row;

	printf("# bash completion for waitscope. Made from the tables of --help: do not edit.\n\n"
	       "_waitscope_commands() { echo '");
	for (const struct ws_command *c = ws_commands; c->manual; c++)
		printf("%s%s", c == ws_commands ? "" : " ", c->manual->command);
	printf("'; }\n\n# Its options.\n_waitscope_options() {\n\tcase $1 in\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		printf("\t%s) echo '", c->manual->command);
		for (size_t i = 0; (row = ws_manual_at(c->manual, i)); i++) {
			if (row->name)
				printf("%s--%s", i ? " " : "", row->name);
			if (row->name && row->id < 256)
				printf(" -%c", row->id);
		}
		printf("' ;;\n");
	}
	printf("\tesac\n}\n\n# What its arguments are.\n_waitscope_argument() {\n\tcase $1 in\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		if (c->manual->argument)
			printf("\t%s) echo %s ;;\n", c->manual->command, c->manual->argument);
	}
	printf("\tesac\n}\n\n# Says something if the option takes a value.\n_waitscope_takes() {\n"
	       "\tcase $1:$2 in\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		for (size_t i = 0; (row = ws_manual_at(c->manual, i)); i++) {
			if (!row->name || !row->value)
				continue;
			printf("\t%s:--%s", c->manual->command, row->name);
			if (row->id < 256)
				printf(" | %s:-%c", c->manual->command, row->id);
			printf(") echo yes ;;\n");
		}
	}
	printf("\tesac\n}\n\n# The words that a value may be; after a comma: a list of them.\n"
	       "_waitscope_words() {\n\tcase $1:$2 in\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		for (size_t i = 0; (row = ws_manual_at(c->manual, i)); i++) {
			if (row->name)
				bash_words(c->manual, row);
		}
	}
	printf("\tesac\n}\n\n%s", bash_engine);
}

/* --- zsh --- */

/* Columns that a description may have. */
#define DESCRIPTION_MAX 70

/* A short description inside of [] and single quotes: up to where details begin. */
static void zsh_text(const char *text)
{
	size_t n = strcspn(text, "\n;");

	/* "(default: 10)" is no description, but a text that begins so early has no other. */
	if (strcspn(text, "(") > 12 && strcspn(text, "(") < n)
		n = strcspn(text, "(");
	if (n > DESCRIPTION_MAX) {
		for (n = DESCRIPTION_MAX; n > 1 && text[n] != ' ';)
			n--;
	}
	while (n && strchr(" :,", text[n - 1]))
		n--;
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '`')
			continue; /* it quotes words in help */
		if (text[i] == '\'')
			printf("'\\''");
		else if (strchr("[]:\\$\"", text[i]))
			printf("\\%c", text[i]);
		else
			putchar(text[i]);
	}
}

static void zsh_value(const struct ws_row *row)
{
	bool is_list = strstr(row->value, "[,") != NULL, described;
	const char *word, *summary;
	char buffer[64];

	putchar(':');
	for (const char *c = row->value; *c && *c != '['; c++)
		putchar(*c);
	putchar(':');
	if (row->words && *row->words == '@') {
		printf(strcmp(row->words, WS_WORDS_FILE) == 0 ? "_files" : "_files -/");
		return;
	}
	if (!ws_row_word(row, 0, buffer, sizeof(buffer), &summary)) {
		putchar(' '); /* nothing is known of it */
		return;
	}
	described = summary != NULL;
	printf(is_list ? " _values -s , word" : described ? "((" : "(");
	for (size_t i = 0; (word = ws_row_word(row, i, buffer, sizeof(buffer), &summary)); i++) {
		printf("%s%s", i || is_list ? " " : "", word);
		if (described && !is_list) {
			printf("\\:\"");
			zsh_text(summary);
			putchar('"');
		}
	}
	printf(is_list ? "" : described ? "))" : ")");
}

static void zsh_row(const struct ws_row *row)
{
	/* `*`: those that may not be repeated are no worse for being offered again. */
	if (row->id < 256)
		printf("\t\t\t'(-%c --%s)'{-%c%s,--%s%s}'[", row->id, row->name, row->id,
		       row->value ? "+" : "", row->name, row->value ? "=" : "");
	else
		printf("\t\t\t'*--%s%s[", row->name, row->value ? "=" : "");
	zsh_text(row->help);
	putchar(']');
	if (row->value)
		zsh_value(row);
	printf("' \\\n");
}

static void make_zsh(void)
{
	const struct ws_row *row;

	printf("#compdef waitscope\n"
	       "# zsh completion for waitscope. Made from the tables of --help: do not edit.\n\n"
	       "_waitscope_commands() {\n\tlocal -a commands=(\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		printf("\t\t'%s:", c->manual->command);
		zsh_text(c->manual->summary);
		printf("'\n");
	}
	printf("\t\t'help:show the help of a command'\n\t)\n"
	       "\t_describe -t commands command commands\n}\n\n"
	       "# Folders that hold a trace; where there is none, any folder.\n"
	       "_waitscope_traces() {\n"
	       "\tlocal expl\n"
	       "\tlocal -a traces\n"
	       "\ttraces=(${(Q)PREFIX}*/waitscope-run.json(N:h) ${(Q)PREFIX}*/metadata(N:h))\n"
	       "\tif (($#traces)); then\n"
	       "\t\t_wanted traces expl trace compadd -f -a traces\n"
	       "\telse\n"
	       "\t\t_files -/\n"
	       "\tfi\n}\n\n"
	       "_waitscope() {\n"
	       "\tlocal curcontext=$curcontext state line\n\ttypeset -A opt_args\n\n"
	       "\t_arguments -C '(- *)--help[show the commands]' '(- *)--version[show the version]' \\\n"
	       "\t\t'(-)1: :_waitscope_commands' '(-)*:: :->rest' && return\n"
	       "\t[[ $state == rest ]] || return 1\n"
	       "\tcurcontext=${curcontext%%:*:*}:waitscope-$words[1]:\n"
	       "\tcase $words[1] in\n");
	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		printf("\t%s)\n\t\t_arguments -s -S : \\\n", c->manual->command);
		for (size_t i = 0; (row = ws_manual_at(c->manual, i)); i++) {
			if (row->name)
				zsh_row(row);
		}
		if (c->manual->argument && strcmp(c->manual->argument, WS_WORDS_PROGRAM) == 0)
			printf("\t\t\t'(-)1:program:_command_names -e' '*::argument:_normal'\n");
		else
			printf("\t\t\t'*:trace:_waitscope_traces'\n");
		printf("\t\t;;\n");
	}
	printf("\thelp) _waitscope_commands ;;\n\tesac\n}\n\n_waitscope \"$@\"\n");
}

/* --- lists --- */

static void make_list(void)
{
	const struct ws_row *row;
	const char *word, *summary;
	char buffer[64];

	for (const struct ws_command *c = ws_commands; c->manual; c++) {
		for (size_t i = 0; (row = ws_manual_at(c->manual, i)); i++) {
			if (!row->name)
				continue;
			printf("%s\t--%s\t", c->manual->command, row->name);
			if (row->id < 256)
				printf("-%c", row->id);
			printf("\t%s\t", row->value ? row->value : "");
			for (size_t k = 0; (word = ws_row_word(row, k, buffer, sizeof(buffer),
							       &summary));
			     k++)
				printf("%s%s", k ? " " : "", word);
			putchar('\n');
		}
	}
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "bash") == 0) {
		make_bash();
	} else if (argc == 2 && strcmp(argv[1], "zsh") == 0) {
		make_zsh();
	} else if (argc == 2 && strcmp(argv[1], "list") == 0) {
		make_list();
	} else if (argc >= 3 && strcmp(argv[1], "man") == 0) {
		const struct ws_manual *manual = NULL;

		for (const struct ws_command *c = ws_commands; argc > 3 && c->manual; c++) {
			if (strcmp(c->manual->command, argv[3]) == 0)
				manual = c->manual;
		}
		return make_page(argv[2], manual);
	} else {
		fprintf(stderr, "usage: ws_gen_manual man TEMPLATE [COMMAND] | bash | zsh | list\n");
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
