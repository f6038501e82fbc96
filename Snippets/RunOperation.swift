//! Runs one operation, a leaky ReLU, on the processor.

import CPUKernels
import Runtime

// A device; `CLBackend` is another.
let backend = CPUBackend()

// snippet.tensors
// An image of 1×4 pixels with one channel, and the result.
// A tensor has a shape, its storage the memory.
let input = Tensor("input", Shape(1, 1, 4, 1))
let output = Tensor("output", input.shape)
for tensor in [input, output] {
  tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
}
// snippet.end

// snippet.run
let operation = ActivationForward(
  input: input, output: output, activation: .leakyReLU(slope: 0.01))
// Checked and bound to its memory once; run as often as wanted.
let launch = try operation.prepare(on: backend, workspace: nil)

var values: [Float] = [-2, -1, 1, 2]
if let source = input.storage.memory, let result = output.storage.memory {
  try values.withUnsafeBytes { try backend.upload($0, to: source, byteOffset: 0) }
  try launch.run()
  try values.withUnsafeMutableBytes {
    try backend.download(result, byteOffset: 0, into: $0)
  }
}
print(values)  // [-0.02, -0.01, 1.0, 2.0]
// snippet.end
