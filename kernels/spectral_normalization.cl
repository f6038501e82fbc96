// Weights divided by an estimate of their spectral norm, and the gradient through that (Miyato et al. 2018).
//
// The weights, [KH][KW][I][O], are a dense matrix A of `rows` = KH * KW * I rows and `columns` = O columns; output and
// gradient have the same layout. output_vector u: [columns]; input_vector v: [rows]; norm: one float. Sums are in fixed
// parts and a fixed order.
//
// forward: spectral_rows, spectral_columns, spectral_norm, spectral_scale, with a workspace of floats: product [rows], then
// partial [parts][columns]. backward: spectral_products, spectral_total, spectral_gradient, with a workspace of floats: the
// total, then a partial sum per part.

#include "common.h"

#ifndef GROUP
// Work-items of a group, a power of two; 1 with the CPU bodies.
#define GROUP 256
#endif
#ifndef PART
// Rows that one work-item of spectral_columns adds up, and elements that one of spectral_products does.
#define PART 64
#endif

// Smaller norms count as this, as in PyTorch.
#define EPSILON 1e-12f

// The sum of every work-item's value over the group, the same in all of them.
static inline float group_sum(const float value, local float *sums) {
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

// product[row] = A[row] . u. One group per row.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void spectral_rows(
    const global float *weights, const ulong weights_offset, const global float *output_vector,
    const ulong output_vector_offset, global float *workspace, const uint columns) {
  local float sums[GROUP];
  const size_t row = get_group_id(0);
  const global float *a = weights + weights_offset + row * columns, *u = output_vector + output_vector_offset;
  float sum = 0.0f;
  for (uint column = get_local_id(0); column < columns; column += GROUP) sum += a[column] * u[column];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[row] = sum;
}

// partial[part][column] = the sum of A[row][column] * product[row] over the part's rows. One work-item each: direction 0
// the column, row_index() the part.
kernel void spectral_columns(const global float *weights, const ulong weights_offset, global float *workspace,
                             const uint rows, const uint columns) {
  const size_t column = get_global_id(0);
  const size_t first = row_index() * PART;
  if (column >= columns || first >= rows) return;
  const size_t end = min(first + PART, (size_t)rows);
  const global float *a = weights + weights_offset + column, *product = workspace;
  global float *partial = workspace + rows;
  float sum = 0.0f;
  for (size_t row = first; row < end; ++row) sum += a[row * columns] * product[row];
  partial[row_index() * columns + column] = sum;
}

// v = product / |product|; with s = sums over parts / |product|: norm = |s|, u = s / |s|. One group. partial's first part is
// overwritten.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void spectral_norm(
    global float *workspace, global float *output_vector, const ulong output_vector_offset, global float *input_vector,
    const ulong input_vector_offset, global float *norm, const ulong norm_offset, const uint rows, const uint columns,
    const uint parts) {
  const global float *product = workspace;
  global float *partial = workspace + rows;
  local float sums[GROUP];
  const uint item = get_local_id(0);
  float square = 0.0f;
  for (uint row = item; row < rows; row += GROUP) square += product[row] * product[row];
  const float row_scale = 1.0f / max(sqrt(group_sum(square, sums)), EPSILON);
  for (uint row = item; row < rows; row += GROUP)
    input_vector[input_vector_offset + row] = product[row] * row_scale;
  square = 0.0f;
  for (uint column = item; column < columns; column += GROUP) {
    float sum = 0.0f;
    for (uint part = 0; part < parts; ++part) sum += partial[(size_t)part * columns + column];
    sum *= row_scale;
    // Each work-item reads back only what it wrote.
    partial[column] = sum;
    square += sum * sum;
  }
  const float length = max(sqrt(group_sum(square, sums)), EPSILON);
  for (uint column = item; column < columns; column += GROUP)
    output_vector[output_vector_offset + column] = partial[column] / length;
  if (item == 0) norm[norm_offset] = length;
}

// output = A / norm. One work-item per element.
kernel void spectral_scale(const global float *weights, const ulong weights_offset, const global float *norm,
                           const ulong norm_offset, global float *output, const ulong output_offset,
                           const ulong count) {
  const size_t i = get_global_id(0);
  if (i >= count) return;
  output[output_offset + i] = weights[weights_offset + i] / norm[norm_offset];
}

// A partial sum: gradient * output over PART * GROUP elements. One group per part.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void spectral_products(
    const global float *output, const ulong output_offset, const global float *gradient, const ulong gradient_offset,
    global float *workspace, const ulong count) {
  local float sums[GROUP];
  const size_t first = (size_t)get_group_id(0) * PART * GROUP;
  const size_t end = min(first + PART * GROUP, (size_t)count);
  float sum = 0.0f;
  for (size_t i = first + get_local_id(0); i < end; i += GROUP)
    sum += gradient[gradient_offset + i] * output[output_offset + i];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[1 + get_group_id(0)] = sum;
}

// total = the sum of the partial sums. One group.
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void spectral_total(global float *workspace,
                                                                              const uint parts) {
  local float sums[GROUP];
  float sum = 0.0f;
  for (uint part = get_local_id(0); part < parts; part += GROUP) sum += workspace[1 + part];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[0] = sum;
}

// gradient = (gradient - total * v u^T) / norm. One work-item per element: direction 0 the column, row_index() the row.
kernel void spectral_gradient(const global float *output_vector, const ulong output_vector_offset,
                              const global float *input_vector, const ulong input_vector_offset,
                              const global float *norm, const ulong norm_offset, global float *gradient,
                              const ulong gradient_offset, const global float *workspace, const uint rows,
                              const uint columns) {
  const size_t column = get_global_id(0);
  const size_t row = row_index();
  if (column >= columns || row >= rows) return;
  global float *g = gradient + gradient_offset + row * columns + column;
  const float outer = input_vector[input_vector_offset + row] * output_vector[output_vector_offset + column];
  *g = (*g - workspace[0] * outer) / norm[norm_offset];
}
