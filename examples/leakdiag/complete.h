/* What kubectl asks its plugin's completer for. */
#ifndef CLI_COMPLETE_H
#define CLI_COMPLETE_H

/* The words so far, the last of them unfinished: what it may become, one on each line, and a last
 * line that says whether files may follow (":0") or not (":4"), as kubectl wants it. */
int complete_words(int n, const char *const *words);

#endif
