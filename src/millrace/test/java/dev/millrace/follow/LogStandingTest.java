package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.wire.TopicRecord;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LogStandingTest {

    private final LogStanding standing = new LogStanding();

    @Test
    void anAnswerKnowsThatARecordCameMeanwhile() {
        take(FollowedTopic.ITEM_EMBEDDINGS, 1, 6);
        LogStanding.View seen = standing.now("g1");
        boolean before = standing.isStill(seen);

        take(FollowedTopic.ITEM_NEIGHBOURS, 0, 3);

        assertThat(seen.positions()).isEqualTo(Map.of("item-embeddings-1", 7L));
        assertThat(before).isTrue();
        assertThat(standing.isStill(seen)).isFalse();
        assertThat(standing.now("g1").positions()).isEqualTo(Map.of("item-embeddings-1", 7L, "item-neighbours-0", 4L));
    }

    @Test
    void answersWhileRecordsAreTakenHaveNoPosition() {
        standing.change(() -> {
            LogStanding.View seen = standing.now("g1");

            assertThat(standing.isStill(seen)).isFalse();
        });
        assertThat(standing.isStill(standing.now("g1"))).isTrue();
    }

    @Test
    void networksStandWhereTheirGenerationWasLastRefreshed() {
        take(FollowedTopic.ITEM_EMBEDDINGS, 0, 2); // of which no network is made
        take(FollowedTopic.MODEL_UPDATES, 0, 4);
        standing.change(standing::refreshed);
        take(FollowedTopic.MODEL_UPDATES, 0, 9);
        standing.change(() -> standing.refreshed("g2"));
        take(FollowedTopic.MODEL_UPDATES, 0, 11);

        assertThat(standing.now("g1").positions())
                .isEqualTo(Map.of("item-embeddings-0", 3L, "model-updates-0", 12L, "networks-0", 5L));
        assertThat(standing.now("g2").positions())
                .isEqualTo(Map.of("item-embeddings-0", 3L, "model-updates-0", 12L, "networks-0", 10L));

        standing.change(standing::refreshed);

        assertThat(standing.now("g2").positions())
                .isEqualTo(Map.of("item-embeddings-0", 3L, "model-updates-0", 12L, "networks-0", 12L));
    }

    private void take(FollowedTopic topic, int partition, long offset) {
        TopicRecord record = new TopicRecord("renamed", new byte[0], Optional.empty(), 0, partition, offset, Map.of());
        standing.change(() -> standing.taken(topic, record));
    }
}
