// libpng, libjpeg and libtiff behind functions that Swift can call: the first two report errors by longjmp, the third
// by variadic functions. Pixels are read into, and written from, memory that the caller owns.
#include "image_info.h"
#include "jpeg_reader.h"
#include "jpeg_writer.h"
#include "png_reader.h"
#include "png_writer.h"
#include "tiff_reader.h"
