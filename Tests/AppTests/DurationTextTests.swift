import Runtime
import Testing

@testable import App
@testable import Models

/// The lines about the time that a run takes.
@Suite("Texts of durations")
struct DurationTextTests {
  @Test(
    "Durations have the digits of an estimate",
    arguments: [
      (2, "5 s"), (33, "35 s"), (58, "1 min"), (94, "2 min"), (29.4 * 60, "29 min"), (31.9 * 60, "30 min"),
      (58 * 60, "1 h"), (84 * 60, "1 h 25 min"), (9.2 * 3600, "9 h 10 min"), (14.4 * 3600, "14 h"),
      (100 * 3600, "4 days"),
    ] as [(Double, String)])
  func roughDurations(seconds: Double, text: String) {
    #expect(Format.roughDuration(seconds: seconds) == text)
  }

  /// The text of a run of the study's recipe, at two steps a second.
  private func text(
    stepsLeft: Int, isResumed: Bool = false, _ change: (inout RunConfiguration) -> Void = { _ in }
  ) throws -> DurationText {
    var configuration = RunConfiguration(
      model: try ModelConfiguration(kind: .unet), options: TrainingOptions(recipeFor: .unet), data: "scenes",
      imageHeight: 32, imageWidth: 32, epochs: 20, device: "cpu", deviceDescription: "", precision: .float32)
    change(&configuration)
    return DurationText(
      estimate: DurationEstimate(
        of: configuration, stepsPerSecond: 2, stepsLeft: stepsLeft, validationImagesLeft: 6400, trainingCount: 64_000,
        isResumed: isResumed))
  }

  @Test("A run tells its duration, a resumed one that of its rest, one with a step limit that of its steps")
  func descriptions() throws {
    #expect(try text(stepsLeft: 1200).description == "about 10 min for 20 epochs on cpu (128 images/s)")
    #expect(
      try text(stepsLeft: 10_000, isResumed: true).description
        == "about 1 h 25 min for the rest of 20 epochs on cpu (128 images/s)")
    #expect(try text(stepsLeft: 1500) { $0.steps = 1500 }.description.contains(" for 1,500 steps on cpu"))
  }

  @Test("A run of more than two hours names the options that shorten it")
  func warnings() throws {
    #expect(try text(stepsLeft: 1200).warning == nil)
    #expect(
      try text(stepsLeft: 20_000).warning
        == "that is more than two hours; shorter with a smaller --width, fewer --epochs, fewer --train-images or "
        + "--recipe quick")
    let large = try text(stepsLeft: 19_000) { ($0.imageWidth, $0.steps) = (64, 19_000) }.warning
    #expect(large?.contains("a smaller --size, fewer --steps or --recipe quick") == true)
    let resumed = try text(stepsLeft: 20_000, isResumed: true).warning
    #expect(resumed == "that is more than two hours; shorter with fewer --epochs")
  }
}
