// Errors of libjpeg as messages: the library calls `jpeg_errors_fail`, which jumps to the caller's setjmp.
#ifndef RECOLOR_JPEG_ERRORS_H
#define RECOLOR_JPEG_ERRORS_H

#include <stddef.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <string.h>

#include "include/image_info.h"

/// The names at the beginning of segments; a zero follows.
#define RECOLOR_JPEG_XMP "http://ns.adobe.com/xap/1.0/"
#define RECOLOR_JPEG_PHOTOSHOP "Photoshop 3.0"

typedef struct {
  // First, so that the library's pointer to it also points to the structure.
  struct jpeg_error_mgr manager;
  jmp_buf jump;
  char message[RECOLOR_MESSAGE_SIZE];
} jpeg_errors;

static void jpeg_errors_fail(j_common_ptr codec) {
  jpeg_errors *errors = (jpeg_errors *)codec->err;
  char text[JMSG_LENGTH_MAX];
  errors->manager.format_message(codec, text);
  strncpy(errors->message, text, RECOLOR_MESSAGE_SIZE - 1);
  longjmp(errors->jump, 1);
}

/// Fails at warnings of damaged pixels, which the library would fill with gray. Harmless are extraneous bytes between
/// segments, as some cameras write, a damaged profile, and an unknown version or color transform.
static void jpeg_errors_warn(j_common_ptr codec, int level) {
  int code = codec->err->msg_code;
  bool is_harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_BOGUS_ICC || code == JWRN_JFIF_MAJOR
                     || code == JWRN_ADOBE_XFORM;
  if (level < 0 && !is_harmless) jpeg_errors_fail(codec);
}

static struct jpeg_error_mgr *jpeg_errors_begin(jpeg_errors *errors) {
  jpeg_std_error(&errors->manager);
  errors->manager.error_exit = jpeg_errors_fail;
  errors->manager.emit_message = jpeg_errors_warn;
  return &errors->manager;
}

#endif
