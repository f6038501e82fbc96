import Files
import Foundation
import Protobufs
import SwiftProtobuf
import TestSupport
import Testing

@testable import Models

/// The curves of runs that were killed, as TensorBoard reads them.
@Suite("Event files of runs", .serialized)
struct RunEventsTests {
  private struct Point: Hashable {
    let tag: String
    let step: Int
    let value: Float
  }

  /// All points of a run's curves and its sheets, but for times: as TensorBoard does, without those that a later
  /// session's start takes back.
  private func points(of folder: URL) throws -> [Point] {
    var points: [Point] = []
    for name in try Folder.names(in: folder.path) where name.hasPrefix("events.out.tfevents.") {
      var rest = try readFile(folder.appendingPathComponent(name).path)[...]
      while !rest.isEmpty {
        let length = Int(rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
        let event = try TensorBoardEvent(serializedBytes: [UInt8](rest.dropFirst(12).prefix(length)))
        rest = rest.dropFirst(16 + length)
        let step = Int(event.step)
        if event.sessionLog.status == .start { points.removeAll { $0.step >= step } }
        points += event.summary.value.map { Point(tag: $0.tag, step: step, value: $0.simpleValue) }
      }
    }
    return points.filter { !["epoch/seconds", "epoch/images_per_second"].contains($0.tag) }
  }

  /// Numbers of steps of an epoch: fewer than the losses' interval, just as many, and more.
  @Test("Killed while an epoch is saved, every point is there once", arguments: [4, 16, 20])
  func killedAtAnEpochsEnd(stepsInEpoch: Int) throws {
    let backend = try TestBackends.cpu.make()
    var configuration = try SmallRun.configuration(.unet, on: backend)
    configuration.options.batchSize = 2
    configuration.trainImages = 2 * stepsInEpoch
    // The weights after an epoch's last step are saved before it is validated.
    configuration.saveEvery = stepsInEpoch
    let expected = try SmallRun.withFolder { folder in
      _ = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend).train { false }
      return try points(of: folder)
    }
    #expect(Set(expected).count == expected.count)
    #expect(expected.count { $0.tag == "samples" } == 2)
    try SmallRun.withFolder { folder in
      let state = RunDirectory(opening: folder).state
      do {
        let run = try TrainingRun(configuration, in: folder, dataset: SmallRun.dataset(), on: backend)
        var polls = 0
        let outcome = try run.train {
          polls += 1
          return polls > stepsInEpoch
        }
        #expect(outcome == .stopped && run.stepsDone == stepsInEpoch && run.epochsDone == 0)
      }
      let older = try Data(contentsOf: state)
      func resume(epochs: Int) throws {
        let run = try TrainingRun(resuming: folder, dataset: SmallRun.dataset(), on: backend)
        #expect(try run.train { run.epochsDone == epochs } == (epochs < 2 ? .stopped : .finished))
      }
      try resume(epochs: 1)
      #expect(try points(of: folder).contains { $0.tag == "samples" && $0.step == stepsInEpoch })
      // Killed before the state took its name.
      try older.write(to: state)
      try resume(epochs: 2)
      let found = try points(of: folder)
      #expect(found.count == expected.count)
      #expect(Set(found) == Set(expected))
    }
  }
}
