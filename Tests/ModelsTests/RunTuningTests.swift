import CPUKernels
import Foundation
import Models
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// Tuning in a run's config.json.
@Suite("Tuning of runs", .needsOpenCL)
struct RunTuningTests {
  /// Plain loops for every forward and backward-data pass of a small run's step.
  private func choice() throws -> AlgorithmChoice {
    let model = try ModelConfiguration(kind: .unet, width: 4)
    let step = try StepPlan(model, height: 32, width: 32, batchSize: 8).trainingOperations
    var choice = AlgorithmChoice()
    for case let operation as any ConvolutionOperation in step where operation.pass != .backwardFilter {
      choice.tuned[ConvolutionKey(operation.problem)] = AnyAlgorithm(Naive())
    }
    return choice
  }

  private func weights(of run: TrainingRun) throws -> Data { try Data(contentsOf: run.directory.last) }

  @Test("config.json names the tuning; the same one gives the same bits; another one is noticed at a resume")
  func configuration() throws {
    let device = try TestBackends.openCLDevice()
    let choice = try choice()
    let dataset = try SmallRun.dataset()
    var first: Data?
    for _ in 0..<2 {
      try SmallRun.withFolder { folder in
        do {
          let backend = try CLBackend(device: device, algorithms: choice)
          let run = try TrainingRun(
            SmallRun.configuration(.unet, epochs: 1, on: backend), in: folder, dataset: dataset, on: backend)
          #expect(backend.tuning != nil)
          #expect(try run.directory.readConfiguration().tuning == backend.tuning)
          #expect(!run.hasOtherTuning)
          #expect(try run.train { false } == .finished)
          if let first { #expect(try weights(of: run) == first) }
          first = try weights(of: run)
        }
        let tuned = try CLBackend(device: device, algorithms: choice)
        #expect(try !TrainingRun(resuming: folder, dataset: dataset, on: tuned).hasOtherTuning)
        let untuned = try CLBackend(device: device, algorithms: AlgorithmChoice())
        let resumed = try TrainingRun(resuming: folder, dataset: dataset, on: untuned)
        #expect(resumed.hasOtherTuning && resumed.epochsDone == 1)
        // From here on this is what the run is trained with.
        #expect(try resumed.directory.readConfiguration().tuning == nil)
      }
    }
  }

  @Test("Without tuned algorithms a run names none")
  func untuned() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), algorithms: AlgorithmChoice())
    try SmallRun.withFolder { folder in
      let run = try TrainingRun(
        SmallRun.configuration(.unet, on: backend), in: folder, dataset: SmallRun.dataset(), on: backend)
      #expect(run.configuration.tuning == nil && !run.hasOtherTuning)
    }
  }
}

/// Products by BLAS in a run's config.json.
@Suite("Products of runs", .needsBLAS)
struct RunProductTests {
  @Test("config.json names the products; others are noticed at a resume, which goes on with them")
  func configuration() throws {
    let dataset = try SmallRun.dataset()
    let (vector, library) = (CPUBackend(), CPUBackend(blas: try BLAS.shared()))
    try SmallRun.withFolder { folder in
      do {
        let run = try TrainingRun(
          SmallRun.configuration(.unet, epochs: 1, on: library), in: folder, dataset: dataset, on: library)
        let written = try run.directory.readConfiguration()
        #expect(written.cpuProducts == .blas && written.tuning == library.tuning && !run.hasOtherTuning)
        #expect(try run.train { false } == .finished)
      }
      #expect(try !TrainingRun(resuming: folder, dataset: dataset, on: library).hasOtherTuning)
      let resumed = try TrainingRun(resuming: folder, dataset: dataset, on: vector)
      #expect(resumed.hasOtherTuning && resumed.epochsDone == 1)
      let written = try resumed.directory.readConfiguration()
      #expect(written.cpuProducts == .vector && written.tuning == nil)
    }
  }

  @Test("A run without products in its config.json, as older ones, goes on with the vector loops unnoticed")
  func olderRun() throws {
    let dataset = try SmallRun.dataset()
    let backend = CPUBackend()
    try SmallRun.withFolder { folder in
      let path: URL
      do {
        let run = try TrainingRun(
          SmallRun.configuration(.unet, epochs: 1, on: backend), in: folder, dataset: dataset, on: backend)
        path = run.directory.configuration
      }
      let text = try String(contentsOf: path, encoding: .utf8)
      let older = text.split(separator: "\n").filter { !$0.contains("cpuProducts") }.joined(separator: "\n")
      #expect(older.utf8.count < text.utf8.count - 10)
      try Data(older.utf8).write(to: path)
      let resumed = try TrainingRun(resuming: folder, dataset: dataset, on: backend)
      #expect(!resumed.hasOtherTuning && resumed.configuration.cpuProducts == .vector)
    }
  }
}
