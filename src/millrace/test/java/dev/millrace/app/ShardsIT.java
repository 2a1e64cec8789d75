package dev.millrace.app;

import dev.millrace.topic.EmbeddedBroker;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two shards and their base on two processes, each of which is killed in mid-stream: every click is learnt once, and the model is the one that the
 * logs make again.
 */
class ShardsIT {

    @Test
    void killedOneAfterTheOtherTheyLearnEveryClickOnceAndTheLogsMakeTheModelAgain(
            @TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"));
                ShardedRun run = new ShardedRun(directory, broker.bootstrapServers())) {
            run.start(0);
            run.start(1);
            run.sendUntilRounds("of both", 10);
            run.kill(0);
            run.sendUntilRounds("by the other one, or after its take-over", 5);
            run.start(0);
            run.sendUntilRounds("of both again", 5);
            run.kill(1);
            run.sendUntilRounds("by the first one, or after its take-over", 5);
            run.start(1);
            run.sendUntilRounds("of both at last", 5);

            run.requireRight();
        }
    }
}
