package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("slow")
class ZipfShopTest {

    @ParameterizedTest
    @CsvSource({"1000, 700", "700, 1000", "10001, 3"})
    void theBeginningNamesAllItemsAndUsers(int items, int users) {
        List<MiniBatch> log = new ArrayList<>();
        ZipfShop shop = new ZipfShop(items, users);

        shop.begin(log::add);

        assertThat(log)
                .extracting(MiniBatch::step)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, log.size()).boxed().toList());
        assertThat(log.stream().flatMap(batch -> batch.catalogue().stream()).map(CatalogueChange::itemId))
                .hasSize(items)
                .doesNotHaveDuplicates();
        List<TrainingExample> clicks =
                log.stream().flatMap(batch -> batch.examples().stream()).toList();
        Set<String> named = clicks.stream().map(TrainingExample::item).collect(Collectors.toSet());
        Set<String> asking = clicks.stream().map(click -> click.user().user()).collect(Collectors.toSet());
        assertThat(named).hasSize(items);
        assertThat(asking).hasSize(users);
        for (TrainingExample click : Stream.generate(shop::next).limit(1000).toList()) {
            assertThat(named).contains(click.item()).containsAll(click.user().history());
            assertThat(asking).contains(click.user().user());
            assertThat(click.user().history()).hasSize(20);
        }
    }
}
