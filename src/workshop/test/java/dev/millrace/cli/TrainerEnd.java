package dev.millrace.cli;

import static org.awaitility.Awaitility.await;

import dev.millrace.app.TrainProcess;
import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Why a trainer ends that lacks a right. */
final class TrainerEnd {

    private TrainerEnd() {}

    /** @param start of one that is to end by itself, or not to start at all */
    static String of(Supplier<TrainProcess> start, Duration patience) {
        try (TrainProcess trainer = start.get()) {
            await().atMost(patience)
                    .until(() -> trainer.applications().failure().isPresent()
                            || trainer.progress().failure().isPresent());
            return Stream.of(
                            trainer.applications().failure(), trainer.progress().failure())
                    .flatMap(Optional::stream)
                    .map(TrainerEnd::said)
                    .findFirst()
                    .orElseThrow();
        } catch (MissingRightException missing) {
            return String.valueOf(missing.getMessage());
        } catch (RuntimeException other) {
            return other.toString();
        }
    }

    /** The right that was missing, or the failure as it is. */
    static String said(Throwable failure) {
        return MissingRightException.in(failure)
                .map(MissingRightException::getMessage)
                .orElse(failure.toString());
    }
}
