package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThreadFailuresTest {

    private final Path directory;

    ThreadFailuresTest(@TempDir Path directory) {
        this.directory = directory;
    }

    /** A broker that has just started denies topics for a moment. A topic that was removed is denied for good. */
    @Test
    void aThreadThatIsDeniedATopicIsReplacedTenTimes() {
        try (StateHome home = StateHome.open(directory, List.of("attribute"))) {
            ThreadFailures failures = new ThreadFailures(home);
            failures.close(); // no pauses
            Throwable denied = new MissingSourceTopicException("One or more source topics were missing");

            for (int failure = 1; failure <= 10; failure++) {
                assertThat(failures.respond("attribute", denied, List::of))
                        .as("failure %d", failure)
                        .isEqualTo(StreamThreadExceptionResponse.REPLACE_THREAD);
                assertThat(failures.stopped()).isEmpty();
            }

            assertThat(failures.respond("attribute", denied, List::of))
                    .isEqualTo(StreamThreadExceptionResponse.SHUTDOWN_CLIENT);
            assertThat(failures.stopped()).contains(denied);
        }
    }
}
