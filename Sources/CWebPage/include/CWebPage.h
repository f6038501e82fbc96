// The files of the page of `recolor serve`, compiled in as they are in files/.
#ifndef RECOLOR_WEB_PAGE_H
#define RECOLOR_WEB_PAGE_H

#include <stddef.h>

/// A file of the page: its name, its media type, and its bytes, which never change.
struct web_page_file {
  const char *name;
  const char *type;
  const unsigned char *start;
  size_t count;
};

/// The number of files.
size_t web_page_file_count(void);
/// The file of an index below the number; index.html is the first.
struct web_page_file web_page_file(size_t index);

#endif
