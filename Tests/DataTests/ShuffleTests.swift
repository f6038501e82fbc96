import Testing

@testable import Data

@Suite("Splits and shuffles")
struct ShuffleTests {
  @Test("A fifth is for validation")
  func validationFifth() throws {
    let split = try TrainingSplit(count: 50_000, seed: 1)
    #expect(split.training.count == 40_000 && split.validation.count == 10_000)
    #expect(Set(split.training).isDisjoint(with: split.validation))
    #expect((split.training + split.validation).sorted() == Array(0..<50_000))
    #expect(try TrainingSplit(count: 50_000, seed: 1) == split)
    #expect(try TrainingSplit(count: 50_000, seed: 2) != split)
  }

  /// Two independent draws of a fifth have a fifth of their images in common.
  @Test("Splits of different seeds are independent")
  func seeds() throws {
    let splits = try (0..<12).map { Set(try TrainingSplit(count: 2000, seed: $0).validation) }
    for (index, first) in splits.enumerated() {
      for second in splits[(index + 1)...] {
        // 400 · 0.2 = 80, with a standard deviation of 7.2.
        #expect((44...116).contains(first.intersection(second).count))
      }
    }
  }

  @Test("The first images are for training where their number is given")
  func givenCount() throws {
    let split = try TrainingSplit(count: 50_000, trainingCount: 10_000, seed: 1)
    #expect(split.training == Array(0..<10_000))
    #expect(split.validation.count == 2_500)
    #expect(split.validation.allSatisfy { $0 >= 10_000 })
    #expect(try TrainingSplit(count: 100, trainingCount: 100, seed: 1).validation.isEmpty)
    #expect(try TrainingSplit(count: 100, trainingCount: 90, seed: 1).validation == Array(90..<100))
    #expect(try TrainingSplit(count: 100, trainingCount: 90, validationCount: 0, seed: 1).validation.isEmpty)
  }

  @Test(
    "Impossible counts are errors",
    arguments: [
      (0, nil), (101, nil), (-1, nil), (90, 11), (nil, 100), (nil, -1),
    ] as [(Int?, Int?)])
  func impossibleCounts(trainingCount: Int?, validationCount: Int?) {
    #expect(throws: DataError.self) {
      try TrainingSplit(count: 100, trainingCount: trainingCount, validationCount: validationCount, seed: 1)
    }
  }

  @Test("Held out images are for validation alone")
  func heldOut() throws {
    let split = try TrainingSplit(count: 50, heldOutCount: 12, seed: 1)
    #expect(split.training == Array(0..<38) && split.validation == Array(38..<50))
    let part = try TrainingSplit(count: 50, heldOutCount: 12, trainingCount: 9, validationCount: 5, seed: 1)
    #expect(part.training == Array(0..<9))
    #expect(part.validation.count == 5 && part.validation.allSatisfy { (38..<50).contains($0) })
    for (heldOut, training, validation) in [(12, 39, nil), (12, 0, nil), (12, nil, 13), (50, nil, nil), (-1, nil, nil)]
      as [(Int, Int?, Int?)]
    {
      #expect(throws: DataError.self) {
        try TrainingSplit(
          count: 50, heldOutCount: heldOut, trainingCount: training, validationCount: validation, seed: 1)
      }
    }
  }

  @Test("Epochs have different orders")
  func epochs() {
    let indices = (0..<1000).map { UInt32(2 * $0) }
    let first = Shuffle.order(of: indices, epoch: 0, seed: 5)
    #expect(first.sorted() == indices)
    #expect(first == Shuffle.order(of: indices, epoch: 0, seed: 5))
    #expect(first != Shuffle.order(of: indices, epoch: 1, seed: 5))
    #expect(first != Shuffle.order(of: indices, epoch: 0, seed: 6))
    // Hardly any image keeps its place.
    #expect(zip(first, indices).filter { $0 == $1 }.count < 10)
  }
}
