package dev.millrace.stream.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.merge.Replica;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PausesTest {

    private final Replica replica = new Replica(new MemoryEntries()); // of a base that never comes
    private final Pauses pauses = new Pauses(replica);
    private final List<String> done = new ArrayList<>();

    private void control() {
        pauses.control(() -> done.add("pause"), () -> done.add("resume"));
    }

    @Test
    void theProcessGoesOnWhenTheLastShardThatWaitedHasLeft() {
        control();

        pauses.begin(0, 3);
        pauses.begin(1, 5);
        assertThat(pauses.waiting()).isEqualTo(2);
        pauses.leave(0);
        assertThat(done).containsExactly("pause", "pause");
        pauses.leave(1);

        assertThat(done).containsExactly("pause", "pause", "resume");
        assertThat(pauses.waiting()).isZero();
    }

    @Test
    void aShardThatWaitsBeforeTheProcessCanPauseIsPausedThen() {
        pauses.begin(0, 3);

        control();

        assertThat(done).containsExactly("pause");
    }

    @Test
    void shardsOfABaseThatCannotBeFollowedGoOnSoThatTheyFail() {
        control();
        pauses.begin(0, 3);

        replica.fail(new IllegalStateException("no such topic"));
        pauses.look();
        pauses.begin(1, 1);

        assertThat(done).containsExactly("pause", "resume");
    }

    @Test
    void whatIsNotHandledIsKnownOfTheShardsThatTheProcessHas() {
        pauses.begin(0, 3);
        pauses.cut(0, 5);
        pauses.begin(1, 1);
        pauses.leave(1);

        assertThat(pauses.unmerged(0)).hasValue(5);
        assertThat(pauses.unmerged(1)).isEmpty();
    }
}
