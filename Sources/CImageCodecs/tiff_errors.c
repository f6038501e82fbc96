#include "tiff_errors.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <tiffio.h>

static _Thread_local char last_error[RECOLOR_MESSAGE_SIZE];

static void keep_error(const char *module, const char *format, va_list arguments) {
  (void)module;
  vsnprintf(last_error, RECOLOR_MESSAGE_SIZE, format, arguments);
}

static void set_handlers(void) {
  TIFFSetErrorHandler(keep_error);
  TIFFSetWarningHandler(NULL);
}

void tiff_errors_begin(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, set_handlers);
  last_error[0] = 0;
}

void tiff_errors_keep(const char *text) { snprintf(last_error, RECOLOR_MESSAGE_SIZE, "%s", text); }

void tiff_errors_explain(char message[RECOLOR_MESSAGE_SIZE], const char *otherwise) {
  snprintf(message, RECOLOR_MESSAGE_SIZE, "%s", last_error[0] ? last_error : otherwise);
}
