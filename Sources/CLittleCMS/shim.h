#include <lcms2.h>

// The pixel formats of lcms2 are macros with casts, which Swift does not import.
static const cmsUInt32Number recolor_gray_float = TYPE_GRAY_FLT;
static const cmsUInt32Number recolor_rgb_float = TYPE_RGB_FLT;
static const cmsUInt32Number recolor_cmyk_float = TYPE_CMYK_FLT;
