package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.stream.Streams;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DeadLettersTest {

    private final MemoryLog log = new MemoryLog(12);
    private final List<String> faults = new ArrayList<>();
    private final DeadLetters letters = new DeadLetters(log, Streams.topics(), Placement.MURMUR2, faults);
    // of twelve partitions user-2 belongs to 8 (docs/topics.md)
    private final TopicRecord placed = log.add("clicks", 8, "user-2", new byte[0]);
    private final TopicRecord misplaced = log.add("clicks", 9, "user-2", new byte[0]);

    @Test
    void misplacedRecordsAreRejectedAndNoOthers() {
        letters.judgePlace(placed, Optional.empty());
        letters.judgePlace(placed, Optional.of("undecodable"));
        letters.judgePlace(misplaced, Optional.of("bad-partition"));
        letters.judgePlace(misplaced, Optional.of("undecodable")); // it may have two faults
        assertThat(faults).isEmpty();

        letters.judgePlace(placed, Optional.of("misplaced-removal"));
        letters.judgePlace(misplaced, Optional.empty());

        assertThat(faults)
                .containsExactly(
                        "clicks-8 offset 0 is in the partition of its key, and was rejected as misplaced-removal",
                        "clicks-9 offset 0 is not in the partition of its key, 8, and was not rejected");
    }
}
