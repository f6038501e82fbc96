#include "CBuiltInModels.h"

// #embed is of C23; clang has it in all versions of C, with a remark.
#pragma clang diagnostic ignored "-Wc23-extensions"

// safetensors readers ask for no alignment; 64 bytes make copies quick.
static _Alignas(64) const unsigned char photo_weights[] = {
#embed "photo.safetensors"
};

static const unsigned char photo_card[] = {
#embed "photo.md"
};

struct built_in_file built_in_photo_weights(void) {
  return (struct built_in_file){photo_weights, sizeof photo_weights};
}

struct built_in_file built_in_photo_card(void) { return (struct built_in_file){photo_card, sizeof photo_card}; }
