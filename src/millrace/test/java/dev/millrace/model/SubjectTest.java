package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.TextGrams;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SubjectTest {

    private static final FeatureSpec AGE =
            new FeatureSpec("upload", Source.ITEM, Kind.AGE, "item.upload", 4, 50, Pooling.MEAN, TextGrams.NONE);
    private static final long HOUR = 3_600_000;
    private static final long NOW = 1_000_000 * HOUR;

    @ParameterizedTest
    @CsvSource({"-5,0", "0,0", "0.99,0", "1,1", "1.99,1", "2,2", "3.9,2", "4,4", "1000,512", "1024,1024"})
    void ageHasARowForEachDoublingOfTheHours(double hours, String key) {
        CatalogueItem item = new CatalogueItem("i", NOW - Math.round(hours * HOUR), Features.NONE);

        assertThat(ages(Subject.item(item.item(), item.features(), item.time(), NOW)))
                .containsExactly(key);
    }

    @Test
    void ageCountsFromTheItemsOwnTimeIfItHasOne() {
        Features features = Features.of(Map.of("upload", new FeatureValue.Quantity(NOW - 100 * HOUR)));

        assertThat(ages(Subject.item("i", features, NOW, NOW))).containsExactly("64");
    }

    @Test
    void anItemThatIsNotInTheCatalogueHasNoAge() {
        assertThat(ages(Subject.item("i", Features.NONE))).containsExactly(Subject.ABSENT);
    }

    private static List<String> ages(Subject subject) {
        List<String> keys = new ArrayList<>();
        subject.forEachKey(AGE, keys::add);
        return keys;
    }
}
