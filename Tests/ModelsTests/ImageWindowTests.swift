import CPUKernels
import Data
import Foundation
import Runtime
import TestSupport
import Testing

@testable import Models

/// Data sets of which only a part is on the device.
@Suite("Image windows", .serialized)
struct ImageWindowTests {
  /// Bytes of the images that the places on the device lead to.
  private func gathered(_ order: ImageOrder, _ window: ImageWindow, batchSize: Int, on backend: any Backend) throws
    -> [UInt8]
  {
    let size = window.tensor.shape.height * window.tensor.shape.width * 3
    var gathered: [UInt8] = []
    var places = [UInt32](repeating: 0, count: order.tensor.shape.count)
    try places.withUnsafeMutableBytes {
      try backend.download(#require(order.tensor.storage.memory), byteOffset: 0, into: $0)
    }
    for first in stride(from: 0, to: order.count, by: batchSize) {
      try window.hold(first, of: order)
      for place in places[first..<min(first + batchSize, order.count)] {
        var image = [UInt8](repeating: 0, count: size)
        try image.withUnsafeMutableBytes {
          try backend.download(
            #require(window.tensor.storage.memory), byteOffset: Int(place & ImageOrder.numberMask) * size, into: $0)
        }
        gathered += image
      }
    }
    return gathered
  }

  @Test("Every batch's images are there when it comes", arguments: TestBackends.available, [8, 17, 40, 41, 63])
  func order(device: TestBackends, count: Int) throws {
    let backend = try device.make()
    let dataset = try Scenes.dataset(.training, count: 64, width: 16, height: 16)
    let images = try DeviceImages(dataset, residency: .window(16), batchSize: 4, on: backend)
    let window = try #require(images.window)
    #expect(window.tensor.shape == Shape(16, 16, 16, 3))
    let order = try ImageOrder(capacity: 64, of: images, on: backend)
    let other = try ImageOrder(capacity: 64, of: images, on: backend)
    for seed in 1...2 as ClosedRange<UInt64> {
      let indices = Array(Shuffle.order(of: Array(0..<64), epoch: 0, seed: seed).prefix(count))
      let expected = indices.flatMap { dataset[Int($0)].bytes }
      try order.set(indices)
      #expect(try gathered(order, window, batchSize: 4, on: backend) == expected)
      // Another order, as that of the validation images, comes in between, and leaves in the middle.
      try other.set(Array(indices.reversed()))
      try window.hold(0, of: other)
      #expect(try gathered(order, window, batchSize: 4, on: backend) == expected)
      #expect(order.indices == indices)
    }
  }

  @Test("A run may begin, and jump, anywhere in an order")
  func jumps() throws {
    let backend = CPUBackend()
    let dataset = try Scenes.dataset(.training, count: 64, width: 16, height: 16)
    let images = try DeviceImages(dataset, residency: .window(16), batchSize: 4, on: backend)
    let window = try #require(images.window)
    let order = try ImageOrder(capacity: 64, of: images, on: backend)
    let indices = Shuffle.order(of: Array(0..<64), epoch: 3, seed: 1)
    try order.set(indices)
    let size = dataset.imageByteCount
    for first in [44, 48, 4, 60, 0, 8, 16, 12] {
      try window.hold(first, of: order)
      var image = [UInt8](repeating: 0, count: size)
      try image.withUnsafeMutableBytes {
        try backend.download(
          #require(window.tensor.storage.memory), byteOffset: first % 16 * size, into: $0)
      }
      #expect(image == dataset[Int(indices[first])].bytes, "\(first)")
    }
  }

  @Test("What else an index says goes to the device as it is")
  func flags() throws {
    let backend = CPUBackend()
    let dataset = try Scenes.dataset(.training, count: 12, width: 16, height: 16)
    let images = try DeviceImages(dataset, residency: .window(8), batchSize: 4, on: backend)
    let window = try #require(images.window)
    let flag = ~ImageOrder.numberMask
    let indices: [UInt32] = (0..<10).map { position -> UInt32 in
      let number = UInt32(11 - position)
      return position % 3 == 0 ? number | flag : number
    }
    let places: [UInt32] = [flag, 1, 2, 3 | flag, 4, 5, 6 | flag, 7, 0, 1 | flag, 0, 0]
    #expect(window.places(for: indices, capacity: 12) == places)
    let order = try ImageOrder(capacity: 12, of: images, on: backend)
    try order.set(indices)
    let expected = (0..<10).flatMap { dataset[11 - $0].bytes }
    #expect(try gathered(order, window, batchSize: 4, on: backend) == expected)
  }

  @Test("What fits is on the device as a whole")
  func automatic() throws {
    let backend = CPUBackend()
    let dataset = try Scenes.dataset(.training, count: 12, width: 16, height: 16)
    for residency in [ImageResidency.automatic, .all, .window(12), .window(100)] {
      let images = try DeviceImages(dataset, residency: residency, batchSize: 4, on: backend)
      #expect(images.window == nil && images.tensor.shape.batch == 12)
    }
    // 11 images are two halves of one batch and some that do not fill a batch of each.
    let images = try DeviceImages(dataset, residency: .window(11), batchSize: 4, on: backend)
    #expect(images.window?.halfCount == 4)
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
    "A run whose photographs come piece by piece ends with the same bits",
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
    // Stopped in the middle of the second epoch, and gone on with another window, or none.
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
