import Files
import Foundation
import TensorBoard

/// A run's curves and sheets for TensorBoard, in event files in the run's folder.
///
/// Under `train/` the losses every few steps, under `epoch/` all columns of `metrics.csv`, and the sheets of samples;
/// every point is at its step. A run that is resumed starts a file of its own, which discards the points of earlier
/// files at steps that were lost when the run was killed.
struct TrainingEvents {
  private let file: EventFile

  /// Prepares a file, which the first point creates.
  /// - Parameter firstStep: the first step of its points, whose earlier points are discarded.
  init(in directory: RunDirectory, goingOnAt firstStep: Int) {
    file = EventFile(in: directory.url.path, goingOnAt: firstStep)
  }

  /// Writes the means of losses over some steps.
  /// - Parameters:
  ///   - sums: sum of each loss over these steps.
  ///   - count: number of steps; 0 writes nothing.
  ///   - step: the last of the steps.
  func write(losses names: [String], sums: [Double], over count: Int, step: Int) throws(RunError) {
    guard count > 0 else { return }
    try reported { () throws(FileError) in
      try file.write(zip(names, sums).map { ("train/\($0)", Float($1 / Double(count))) }, step: step)
    }
  }

  /// Writes an epoch's row of `metrics.csv` and its sheet, and waits until they are on the disk.
  /// - Parameters:
  ///   - columns: names of the row's values; the step, which every point has, is left out.
  ///   - row: values; empty ones are left out.
  ///   - sheet: the PNG file of the epoch's samples.
  func write(columns: [String], row: [String], sheet: URL, step: Int) throws(RunError) {
    try reported { () throws(FileError) in
      let scalars = zip(columns, row).compactMap { name, text in
        name == "step" ? nil : Float(text).map { (tag: "epoch/\(name)", value: $0) }
      }
      try file.write(scalars, step: step)
      try file.write("samples", png: readOrdinaryFile(sheet.path), step: step)
      try file.synchronize()
    }
  }

  private func reported(_ body: () throws(FileError) -> Void) throws(RunError) {
    do throws(FileError) {
      try body()
    } catch {
      throw .file(path: error.path, reason: "\(error.problem): \(error.reason)")
    }
  }
}
