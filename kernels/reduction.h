// The sum over a group's work-items. GROUP, their number, a power of two (1 with the CPU bodies), is defined before
// this is included.

// Returns the sum of every work-item's value, in the order of a tree; the same in all of them, which must all call it.
FORCE_INLINE float group_sum(float value, local float *sums) {
#if GROUP == 1
  return value;
#else
  const uint item = get_local_id(0);
  sums[item] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint half_size = GROUP / 2; half_size > 0; half_size /= 2) {
    if (item < half_size) sums[item] += sums[item + half_size];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  const float sum = sums[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
#endif
}
