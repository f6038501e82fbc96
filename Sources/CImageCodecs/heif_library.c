#include "heif_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static heif_library library;
static bool is_loaded;
static char reason[RECOLOR_MESSAGE_SIZE];

static void load(void) {
  const char *name = getenv("RECOLOR_LIBHEIF");
  void *handle = dlopen(name ? name : "libheif.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *text = dlerror();
    snprintf(reason, RECOLOR_MESSAGE_SIZE, "libheif cannot be loaded (%.120s)", text ? text : "for an unknown reason");
    return;
  }
#define HEIF_LOAD(name) \
  if (!(library.name = (__typeof__(&name))dlsym(handle, #name))) { \
    snprintf(reason, RECOLOR_MESSAGE_SIZE, "libheif has no function %s; version 1.12 or later is needed", #name); \
    return; \
  }
  HEIF_FUNCTIONS(HEIF_LOAD)
#undef HEIF_LOAD
  // The first context loads the decoders that are files of their own; not while several threads ask for one.
  library.heif_context_free(library.heif_context_alloc());
  is_loaded = true;
}

const heif_library *heif_library_open(char message[RECOLOR_MESSAGE_SIZE]) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, load);
  if (!is_loaded) snprintf(message, RECOLOR_MESSAGE_SIZE, "%s", reason);
  return is_loaded ? &library : NULL;
}
