import Data
import Foundation
import Runtime

/// A file of predicted colors for other programs: a safetensors file with one tensor, `predictions`, of `[N, 3, H, W]`
/// in 0...1, PyTorch's order.
public enum PredictionFile {
  /// Colors the images of a data set and writes the file, whole or not at all.
  /// - Throws: `ModelError`, `SafetensorsError`, `BackendError`.
  public static func write(
    _ checkpoint: Checkpoint, dataset: ImageDataset, to url: URL, on backend: any Backend
  ) throws {
    let predictor = try Predictor(checkpoint, dataset: dataset, on: backend)
    let pixels = dataset.height * dataset.width
    let writer = try SafetensorsWriter(
      writing: url, tensors: ["predictions": .init(.float32, [dataset.count, 3, dataset.height, dataset.width])])
    var values = [Float](repeating: 0, count: dataset.count * 3 * pixels)
    try predictor.forEachBatch { first, count, colors in
      for image in 0..<count {
        for pixel in 0..<pixels {
          for channel in 0..<3 {
            values[((first + image) * 3 + channel) * pixels + pixel] = colors[(image * pixels + pixel) * 3 + channel]
          }
        }
      }
    }
    try writer.write("predictions", values)
    try writer.finish()
  }
}
