// Image libraries behind functions that Swift can call: libpng and libjpeg report errors by longjmp, libtiff by variadic
// functions, giflib and libwebp write rows in steps, and libheif is loaded at run time. Pixels are read into, and written
// from, memory that the caller owns.
#include "gif_reader.h"
#include "heif_reader.h"
#include "image_info.h"
#include "jpeg_reader.h"
#include "jpeg_writer.h"
#include "png_reader.h"
#include "png_writer.h"
#include "tiff_reader.h"
#include "tiff_writer.h"
#include "webp_writer.h"
