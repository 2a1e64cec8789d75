package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyPartitionTest {

    /** murmur2 of the keys is what librdkafka's and Kafka's own tests expect; without its sign, modulo 1,000,003. */
    @ParameterizedTest
    @CsvSource({
        "21, -973932308",
        "foobar, -790332482",
        "a-little-bit-long-string, -985981536",
        "a-little-bit-longer-string, -1486304829",
        "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8, -58897971"
    })
    void keyBelongsToThePartitionThatKafkasOwnClientsPutItIn(String key, int murmur2) {
        assertThat(KeyPartition.of(key.getBytes(StandardCharsets.UTF_8), 1_000_003))
                .isEqualTo((murmur2 & Integer.MAX_VALUE) % 1_000_003);
    }
}
