// Vectors of 16 neighbouring channels of which some may not exist.

// 16 elements of `source` of which the first `count` exist; the others are zero.
float16 load_some(global const float *source, int count) {
  if (count >= 16) return vload16(0, source);
  float lanes[16];
  for (int lane = 0; lane < 16; lane++) lanes[lane] = lane < count ? source[lane] : 0.0f;
  return vload16(0, lanes);
}

// Stores the first `count` lanes.
void store_some(float16 value, global float *target, int count) {
  if (count >= 16) {
    vstore16(value, 0, target);
  } else {
    float lanes[16];
    vstore16(value, 0, lanes);
    for (int lane = 0; lane < count; lane++) target[lane] = lanes[lane];
  }
}
