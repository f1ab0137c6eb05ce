//go:build race

package check

// raceDetector says that the tests run under the race detector.
const raceDetector = true
