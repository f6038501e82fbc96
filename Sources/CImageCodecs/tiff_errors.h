// Errors of libtiff as messages: the library's handlers have no context, so the last error of a thread is kept.
#ifndef RECOLOR_TIFF_ERRORS_H
#define RECOLOR_TIFF_ERRORS_H

#include "include/image_info.h"

/// Begins a call of the library: forgets the last error of this thread. The first call installs the handlers.
void tiff_errors_begin(void);

/// Keeps a text as the last error of this thread.
void tiff_errors_keep(const char *text);

/// Sets `message` to the last error of this thread, or to `otherwise` where there is none.
void tiff_errors_explain(char message[RECOLOR_MESSAGE_SIZE], const char *otherwise);

#endif
