import Files
import Foundation
import TensorBoard

/// A run's curves and sheets for TensorBoard, in event files in the run's folder.
///
/// Under `train/` the losses every few steps, under `epoch/` all quantities of `metrics.csv`, and the sheets of samples; every
/// point is at the step it belongs to. A run that goes on starts a file of its own, which takes back what the files before it
/// tell of steps that were lost when the run was killed.
struct TrainingEvents {
  private let file: EventFile

  /// Only the first point makes a file.
  /// - Parameter firstStep: the first that is told of, or told of again.
  init(in directory: RunDirectory, goingOnAt firstStep: Int) {
    file = EventFile(in: directory.url.path, goingOnAt: firstStep)
  }

  /// Writes the means of losses over some steps.
  /// - Parameters:
  ///   - sums: of each loss over these steps.
  ///   - count: how many steps; 0 writes nothing.
  ///   - step: the last of them.
  func write(losses names: [String], sums: [Double], over count: Int, step: Int) throws(RunError) {
    guard count > 0 else { return }
    try reported { () throws(FileError) in
      try file.write(zip(names, sums).map { ("train/\($0)", Float($1 / Double(count))) }, step: step)
    }
  }

  /// Writes an epoch's row of `metrics.csv` and its sheet, and waits until they are on the disk.
  /// - Parameters:
  ///   - columns: names of the row's values; the step, where the points are, is left out.
  ///   - row: values; empty ones are left out.
  ///   - sheet: the PNG file of the epoch's samples.
  func write(columns: [String], row: [String], sheet: URL, step: Int) throws(RunError) {
    try reported { () throws(FileError) in
      let scalars = zip(columns, row).compactMap { name, text in
        name == "step" ? nil : Float(text).map { (tag: "epoch/\(name)", value: $0) }
      }
      try file.write(scalars, step: step)
      try file.write("samples", png: readFile(sheet.path), step: step)
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
