// Weights divided by an estimate of their spectral norm, and the gradient through that (Miyato et al. 2018).
//
//   forward:   v = A u / |A u|, u = A^T v / |A^T v|, norm = |A^T v|, output = A / norm
//   backward:  gradient = (gradient - <gradient, output> v u^T) / norm
//
// The weights, [KH][KW][I][O], are a dense matrix A of `rows` = KH * KW * I rows and `columns` = O columns; output and
// gradient have the same layout. output_vector u: [columns]; input_vector v: [rows]; norm: one float. Sums are in fixed
// parts and a fixed order.
//
// forward: spectral_rows, spectral_columns, spectral_norm, spectral_scale, with a workspace of floats: product [rows],
// then partial [parts][columns]. backward: spectral_products, spectral_total, spectral_gradient, with a workspace of
// floats: the total, then a partial sum per part. Work-groups: one of GROUP work-items per row, part or at all where a
// sum goes over the group; else one work-item per element.

#include "common.h"

// Work-items of a group, a power of two; 1 with the CPU bodies.
#ifndef GROUP
#define GROUP 256
#endif
// Rows that one work-item of spectral_columns adds up, and elements that one of spectral_products does.
#ifndef PART
#define PART 64
#endif

#include "reduction.h"

// Smaller norms count as this, as in PyTorch.
#define EPSILON 1e-12f

// product[row] = A[row] . u. One group per row.
kernel WORK_GROUP(GROUP, 1, 1) void spectral_rows(ARRAY(const float *, weights), ARRAY(const float *, output_vector),
                                                  global float *workspace, uint columns) {
  local float sums[GROUP];
  const size_t row = get_group_id(0);
  global const float *a = BASE(weights) + row * columns, *u = BASE(output_vector);
  float sum = 0.0f;
  for (uint column = get_local_id(0); column < columns; column += GROUP) sum += a[column] * u[column];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[row] = sum;
}

// partial[part][column] = the sum of A[row][column] * product[row] over the part's rows. One work-item each: direction
// 0 the column, row_index() the part.
kernel void spectral_columns(ARRAY(const float *, weights), global float *workspace, uint rows, uint columns) {
  const size_t column = get_global_id(0);
  const size_t first = row_index() * PART;
  if (column >= columns || first >= rows) return;
  const size_t end = min(first + PART, (size_t)rows);
  global const float *a = BASE(weights) + column, *product = workspace;
  global float *partial = workspace + rows;
  float sum = 0.0f;
  for (size_t row = first; row < end; row++) sum += a[row * columns] * product[row];
  partial[row_index() * columns + column] = sum;
}

// v = product / |product|; with s = sums over parts / |product|: norm = |s|, u = s / |s|. One group. partial's first
// part is overwritten.
kernel WORK_GROUP(GROUP, 1, 1) void spectral_norm(global float *workspace, ARRAY(float *, output_vector),
                                                  ARRAY(float *, input_vector), ARRAY(float *, norm), uint rows,
                                                  uint columns, uint parts) {
  global const float *product = workspace;
  global float *partial = workspace + rows;
  local float sums[GROUP];
  const uint item = get_local_id(0);
  float square = 0.0f;
  for (uint row = item; row < rows; row += GROUP) square += product[row] * product[row];
  const float row_scale = 1.0f / max(sqrt(group_sum(square, sums)), EPSILON);
  for (uint row = item; row < rows; row += GROUP) BASE(input_vector)[row] = product[row] * row_scale;
  square = 0.0f;
  for (uint column = item; column < columns; column += GROUP) {
    float sum = 0.0f;
    for (uint part = 0; part < parts; part++) sum += partial[(size_t)part * columns + column];
    sum *= row_scale;
    // Each work-item reads back only what it wrote.
    partial[column] = sum;
    square += sum * sum;
  }
  const float length = max(sqrt(group_sum(square, sums)), EPSILON);
  for (uint column = item; column < columns; column += GROUP) BASE(output_vector)[column] = partial[column] / length;
  if (item == 0) *BASE(norm) = length;
}

// output = A / norm. One work-item per element.
kernel void spectral_scale(ARRAY(const float *, weights), ARRAY(const float *, norm), ARRAY(float *, output),
                           ulong count) {
  const size_t i = get_global_id(0);
  if (i < count) BASE(output)[i] = BASE(weights)[i] / *BASE(norm);
}

// A partial sum: gradient * output over PART * GROUP elements. One group per part.
kernel WORK_GROUP(GROUP, 1, 1) void spectral_products(ARRAY(const float *, output), ARRAY(const float *, gradient),
                                                      global float *workspace, ulong count) {
  local float sums[GROUP];
  const size_t first = (size_t)get_group_id(0) * PART * GROUP;
  const size_t end = min(first + PART * GROUP, (size_t)count);
  float sum = 0.0f;
  for (size_t i = first + get_local_id(0); i < end; i += GROUP) sum += BASE(gradient)[i] * BASE(output)[i];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[1 + get_group_id(0)] = sum;
}

// total = the sum of the partial sums. One group.
kernel WORK_GROUP(GROUP, 1, 1) void spectral_total(global float *workspace, uint parts) {
  local float sums[GROUP];
  float sum = 0.0f;
  for (uint part = get_local_id(0); part < parts; part += GROUP) sum += workspace[1 + part];
  sum = group_sum(sum, sums);
  if (get_local_id(0) == 0) workspace[0] = sum;
}

// gradient = (gradient - total * v u^T) / norm. One work-item per element: direction 0 the column, row_index() the row.
kernel void spectral_gradient(ARRAY(const float *, output_vector), ARRAY(const float *, input_vector),
                              ARRAY(const float *, norm), ARRAY(float *, gradient), global const float *workspace,
                              uint rows, uint columns) {
  const size_t column = get_global_id(0), row = row_index();
  if (column >= columns || row >= rows) return;
  global float *g = BASE(gradient) + row * columns + column;
  const float outer = BASE(input_vector)[row] * BASE(output_vector)[column];
  *g = (*g - workspace[0] * outer) / *BASE(norm);
}
