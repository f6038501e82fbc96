import CLKernels
import CPUKernels
import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// The images behind the batches of a stream, on the device as a whole or piece by piece.
@Suite("Batch streams", .serialized)
struct BatchStreamTests {
  private static func dataset(count: Int = 64) throws -> ImageDataset {
    try Scenes.dataset(.training, count: count, width: 16, height: 16)
  }

  /// A stream with memory.
  private func stream(
    _ images: DeviceImages, capacity: Int, on backend: any Backend
  ) throws -> BatchStream {
    let stream = BatchStream(images, capacity: capacity, batchSize: 4)
    try stream.places.storage.allocate(on: backend)
    return stream
  }

  private func places(of stream: BatchStream, on backend: any Backend) throws -> [UInt32] {
    var places = [UInt32](repeating: 0, count: stream.places.shape.count)
    try places.withUnsafeMutableBytes {
      try backend.download(#require(stream.places.storage.memory), byteOffset: 0, into: $0)
    }
    return places
  }

  /// The bytes of the image at a position of the order, with the batch at `first` loaded.
  private func image(
    at position: Int, ofBatchAt first: Int, in stream: BatchStream, on backend: any Backend
  ) throws -> [UInt8] {
    try stream.seek(to: first)
    let tensor = stream.images.tensor
    var image = [UInt8](repeating: 0, count: tensor.shape.height * tensor.shape.width * 3)
    let place = Int(try places(of: stream, on: backend)[position] & ~BatchGather.horizontalFlip)
    try image.withUnsafeMutableBytes { [count = image.count] in
      try backend.download(#require(tensor.storage.memory), byteOffset: place * count, into: $0)
    }
    return image
  }

  /// The bytes of all images in their order.
  private func images(of stream: BatchStream, on backend: any Backend) throws -> [UInt8] {
    try (0..<stream.count).flatMap { try image(at: $0, ofBatchAt: $0 / 4 * 4, in: stream, on: backend) }
  }

  @Test("Every batch's images are there when it comes", arguments: TestBackends.available, [8, 17, 40, 41, 63])
  func order(device: TestBackends, count: Int) throws {
    let backend = try device.make()
    let dataset = try Self.dataset()
    let window = try DeviceImages(dataset, residency: .window(16), batchSize: 4, on: backend)
    #expect(window.tensor.shape == Shape(16, 16, 16, 3))
    let one = try stream(window, capacity: 64, on: backend)
    let other = try stream(window, capacity: 64, on: backend)
    for seed in 1...2 as ClosedRange<UInt64> {
      let indices = Array(Shuffle.order(of: Array(0..<64), epoch: 0, seed: seed).prefix(count))
      let expected = indices.flatMap { dataset[Int($0)].bytes }
      try one.set(indices, on: backend)
      #expect(try images(of: one, on: backend) == expected)
      // Another stream, as that of the validation images, comes in between, and ends in the middle.
      try other.set(Array(indices.reversed()), on: backend)
      try other.seek(to: 0)
      #expect(try images(of: one, on: backend) == expected)
      #expect(one.indices == indices)
    }
  }

  @Test("A stream may begin, and jump, anywhere in an order", arguments: [[44, 48, 4, 60, 0, 8, 16, 12], [60, 0]])
  func jumps(positions: [Int]) throws {
    let backend = CPUBackend()
    let dataset = try Self.dataset()
    let stream = try stream(
      DeviceImages(dataset, residency: .window(16), batchSize: 4, on: backend), capacity: 64, on: backend)
    let indices = Shuffle.order(of: Array(0..<64), epoch: 3, seed: 1)
    try stream.set(indices, on: backend)
    for first in positions {
      #expect(
        try image(at: first, ofBatchAt: first, in: stream, on: backend) == dataset[Int(indices[first])].bytes,
        "\(first)")
    }
  }

  @Test(
    "Flipped images are marked at their places, and an image fills up the last batch",
    arguments: [
      (ImageResidency.window(8), [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 0, 0] as [UInt32]),
      (.all, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 11, 11]),
    ])
  func flips(residency: ImageResidency, expected: [UInt32]) throws {
    let backend = CPUBackend()
    let dataset = try Self.dataset(count: 12)
    let stream = try stream(
      DeviceImages(dataset, residency: residency, batchSize: 4, on: backend), capacity: 12, on: backend)
    let indices: [UInt32] = (0..<10).map { 11 - $0 }
    let flipped = (0..<10).map { $0 % 3 == 0 }
    try stream.set(indices, flipped: flipped, on: backend)
    let marks = flipped.map { $0 ? BatchGather.horizontalFlip : 0 } + [0, 0]
    #expect(try places(of: stream, on: backend) == zip(expected, marks).map(+))
    #expect(try images(of: stream, on: backend) == (0..<10).flatMap { dataset[11 - $0].bytes })
  }

  @Test("An order without images, or with more than there is room for, is refused", arguments: [0, 13])
  func capacity(count: Int) throws {
    let backend = CPUBackend()
    let stream = try stream(DeviceImages(Self.dataset(count: 16), batchSize: 4, on: backend), capacity: 12, on: backend)
    #expect(throws: BackendError.self) { try stream.set(Array(0..<UInt32(count)), on: backend) }
  }

  @Test(
    "A window holds whole batches, and no more images than there are",
    arguments: [
      (ImageResidency.automatic, 12), (.all, 12), (.window(12), 12), (.window(100), 12),
      // Two halves of one batch, and some that do not fill a batch of each.
      (.window(11), 8),
    ])
  func residency(residency: ImageResidency, count: Int) throws {
    let backend = CPUBackend()
    let dataset = try Self.dataset(count: 12)
    #expect(
      try DeviceImages(dataset, residency: residency, batchSize: 4, on: backend).tensor.shape.batch == count)
    #expect(DeviceImages.plannedCount(of: dataset, residency, batchSize: 4, on: backend) == count)
  }

  @Test("A window fits into the largest buffer of the device", .needsOpenCL)
  func largestBuffer() throws {
    // 85 images of 768 bytes: 42 in each half, and 40 of them in whole batches.
    let backend = try CLBackend(device: LimitedOpenCL.device("allocation=65536"))
    let dataset = try Self.dataset(count: 200)
    #expect(DeviceImages.plannedCount(of: dataset, .automatic, batchSize: 4, on: backend) == 80)
    #expect(try DeviceImages(dataset, batchSize: 4, on: backend).tensor.shape.batch == 80)
  }

  /// The end of a whole run: weights, optimizer and losses, and what the validation found.
  private func end(
    _ kind: ModelKind, _ residency: ImageResidency, dataset: ImageDataset, on backend: any Backend,
    stopAfter steps: Int? = nil, resumingWith other: ImageResidency? = nil
  ) throws -> (state: [String: [Float]], metrics: String) {
    try SmallRun.withFolder { folder in
      let configuration = try SmallRun.configuration(kind, on: backend)
      var polls = 0
      // A run holds its folder's lock for as long as there is one.
      let outcome = try TrainingRun(
        configuration, in: folder, dataset: dataset, residency: residency, on: backend
      ).train {
        polls += 1
        return steps.map { polls > $0 } ?? false
      }
      if let other {
        #expect(outcome == .stopped)
        let resumed = try TrainingRun(resuming: folder, dataset: dataset, residency: other, on: backend)
        #expect(try resumed.train { false } == .finished)
      }
      let directory = RunDirectory(opening: folder)
      let rows = try String(contentsOf: directory.metrics, encoding: .utf8).split(separator: "\n")
      // Without the last two columns, which are times.
      let metrics = rows.map {
        $0.split(separator: ",", omittingEmptySubsequences: false).dropLast(2).joined(separator: ",")
      }
      return (try SmallRun.contents(of: directory.state), metrics.joined(separator: "\n"))
    }
  }

  @Test(
    "A run whose images are loaded piece by piece ends with the same bits",
    arguments: TestBackends.available, ModelKind.allCases)
  func sameBits(device: TestBackends, kind: ModelKind) throws {
    let backend = try device.make()
    let dataset = try SmallRun.dataset()
    let whole = try end(kind, .all, dataset: dataset, on: backend)
    for count in [16, 32] {
      let streamed = try end(kind, .window(count), dataset: dataset, on: backend)
      #expect(streamed.state == whole.state)
      #expect(streamed.metrics == whole.metrics)
    }
    // Stopped in the middle of the second epoch, and resumed with another window, or none.
    for other in [ImageResidency.window(16), .all] {
      let resumed = try end(
        kind, .window(16), dataset: dataset, on: backend, stopAfter: 6, resumingWith: other)
      #expect(resumed.state == whole.state)
      #expect(resumed.metrics == whole.metrics)
    }
  }

  @Test("A window too small for two batches is refused before the folder is made")
  func tooSmall() throws {
    let backend = CPUBackend()
    try SmallRun.withFolder { folder in
      #expect(throws: RunError.self) {
        _ = try TrainingRun(
          SmallRun.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), residency: .window(15),
          on: backend)
      }
      #expect(!FileManager.default.fileExists(atPath: folder.path))
    }
  }
}
