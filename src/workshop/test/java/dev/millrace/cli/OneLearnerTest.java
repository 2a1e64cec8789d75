package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands that read the log of one learner, where several share a model: nothing is asked of the cluster. */
class OneLearnerTest {

    private static final Map<String, String> SHARED = Map.of("learn.shards", "2", "serve.port", "0");
    private static final String REFUSAL = "learn.shards = 2: must be 1 for this command";

    private final Commands commands = new Commands();

    @ParameterizedTest
    @ValueSource(strings = {"topology --from mini-batches", "demo"})
    void aCommandThatKnowsOneLearnerRefusesSeveral(String command) {
        int status = commands.run(SHARED, command.split(" ", -1));

        assertThat(commands.err()).contains(REFUSAL);
        assertThat(status).isEqualTo(2);
    }

    @Test
    void anImportIntoShardsMustBeWarm() {
        int status = commands.run(SHARED, "model", "import", "--in", "target/none.checkpoint");

        assertThat(commands.err()).contains("learn.shards = 2: must be 1 without --warm");
        assertThat(status).isEqualTo(2);
    }

    @Test
    void aBaseApartIsRefusedUnderItsOwnName() {
        int status = commands.run(Map.of("learn.base-apart", "true"), "topology", "--from", "mini-batches");

        assertThat(commands.err()).contains("learn.base-apart = true: must be false for this command");
        assertThat(status).isEqualTo(2);
    }
}
