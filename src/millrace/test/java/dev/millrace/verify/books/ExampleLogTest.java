package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import dev.millrace.wire.PlainRecord;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExampleLogTest {

    private static final long SECOND = 1000;

    /** Three clicks of ann on one item, at 1, 2 and 4 s; another user's beside them. Her third finds two of three used. */
    @ParameterizedTest
    @CsvSource({"1, 1", "1, 0", "0, 1"})
    void aUserWhoMovedToAnotherPartitionCountsInTheOrderOfTime(int before, int after) {
        ExampleLog log = new ExampleLog(
                AttributionSettings.read(new SettingsReader(Map.of())).caps(), 0);
        for (int partition = 0; partition < 2; partition++) {
            if (before == partition) {
                add(log, partition, "ann", 1);
                add(log, partition, "ann", 2);
            }
            add(log, partition, "bob", before == partition ? 100 : 3); // a client's clock is ahead
            if (after == partition) {
                add(log, partition, "ann", 4);
            }
        }
        log.count();

        assertThat(amountOfAnn(log, 1)).isOne();
        assertThat(amountOfAnn(log, 2)).isOne();
        assertThat(amountOfAnn(log, 4)).isBetween(0.6, 0.7); // 2 · (1 − 2 / 3), as the two have decayed a little
    }

    private static double amountOfAnn(ExampleLog log, int second) {
        return log.amounts().of(ofAnn(log, second)).amount(1);
    }

    private static LoggedExample ofAnn(ExampleLog log, int second) {
        return log.examples().stream()
                .filter(example -> example.user().equals(IdHash.of("ann")) && example.time() == second * SECOND)
                .findFirst()
                .orElseThrow();
    }

    private static void add(ExampleLog log, int partition, String user, int second) {
        PlainRecord features = new PlainRecord("UserFeaturesRecord", Map.of("user_id", user, "time", second * SECOND));
        log.add(
                new PlainRecord(
                        "ExampleRecord",
                        Map.of(
                                "example_id",
                                user + second,
                                "user",
                                features,
                                "item_id",
                                "shoe",
                                "action",
                                "click",
                                "weight",
                                1.0,
                                "time",
                                second * SECOND)),
                partition,
                second);
    }
}
