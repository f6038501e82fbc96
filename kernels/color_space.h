// sRGB (IEC 61966-2-1) to CIELAB (CIE 15:2004), white point D65, 2-degree observer. The matrix and the white point are
// those of Imaging/CIELAB.swift. The curve has CIE's exact constants of 2004, where CIELAB.swift follows scikit-image
// in the rounded ones of 1976; they differ by less than 1e-4 of L*.

// Returns the linear light of an encoded value, both in 0...1.
static inline float srgb_to_linear(float encoded) {
  return encoded > 0.04045f ? powr((encoded + 0.055f) / 1.055f, 2.4f) : encoded / 12.92f;
}

// CIE 15:2004, 8.2.1.1: the cube root, and a straight line below (6/29)^3.
static inline float lab_curve(float value) {
  return value > 216.0f / 24389.0f ? cbrt(value) : value * (24389.0f / 27.0f / 116.0f) + 16.0f / 116.0f;
}

// Returns L* in 0...100, a* and b* of a color in sRGB.
static inline float3 lab_of_bytes(uchar red_byte, uchar green_byte, uchar blue_byte) {
  const float red = srgb_to_linear(red_byte * (1.0f / 255.0f));
  const float green = srgb_to_linear(green_byte * (1.0f / 255.0f));
  const float blue = srgb_to_linear(blue_byte * (1.0f / 255.0f));
  const float fx = lab_curve((0.412453f * red + 0.357580f * green + 0.180423f * blue) / 0.95047f);
  const float fy = lab_curve(0.212671f * red + 0.715160f * green + 0.072169f * blue);
  const float fz = lab_curve((0.019334f * red + 0.119193f * green + 0.950227f * blue) / 1.08883f);
  return (float3)(116.0f * fy - 16.0f, 500.0f * (fx - fy), 200.0f * (fy - fz));
}
