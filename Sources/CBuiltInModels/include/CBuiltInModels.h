// The models that come with the program: weights and model cards, compiled in as they are in the files beside
// built_in_models.c.
#ifndef RECOLOR_BUILT_IN_MODELS_H
#define RECOLOR_BUILT_IN_MODELS_H

#include <stddef.h>

/// Bytes that never change.
struct built_in_file {
  const unsigned char *start;
  size_t count;
};

/// photo.safetensors: the colorizer of photographs.
struct built_in_file built_in_photo_weights(void);
/// photo.md: its model card.
struct built_in_file built_in_photo_card(void);

#endif
