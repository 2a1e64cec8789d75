package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZipfShopTest {

    @ParameterizedTest
    @CsvSource({"1000, 700", "700, 1000", "10001, 3"})
    void theBeginningAnnouncesEachItemOnceAndNamesAllItemsAndUsers(int items, int users) {
        List<MiniBatch> log = new ArrayList<>();

        ZipfShop shop = new ZipfShop(items, users);
        shop.begin(log::add);
        log.add(shop.nextBatch(2));

        assertThat(log)
                .extracting(MiniBatch::step)
                .containsExactlyElementsOf(
                        LongStream.rangeClosed(1, shop.step()).boxed().toList());
        assertThat(log.stream().flatMap(batch -> batch.catalogue().stream()).map(CatalogueChange::itemId))
                .hasSize(items)
                .doesNotHaveDuplicates();
        assertThat(clicks(log).stream().map(TrainingExample::item).distinct()).hasSize(items);
        assertThat(clicks(log).stream().map(click -> click.user().user()).distinct())
                .hasSize(users);
    }

    @Test
    void clicksNameItemsAndUsersOfTheBeginning() {
        List<MiniBatch> log = new ArrayList<>();
        ZipfShop shop = new ZipfShop(50, 40);
        shop.begin(log::add);
        Set<String> items = new HashSet<>();
        Set<String> users = new HashSet<>();
        clicks(log).forEach(click -> {
            items.add(click.item());
            users.add(click.user().user());
        });

        for (int number = 0; number < 2000; number++) {
            TrainingExample click = shop.next();

            assertThat(items).contains(click.item()).containsAll(click.user().history());
            assertThat(users).contains(click.user().user());
            assertThat(click.user().history()).hasSize(20);
        }
    }

    private static List<TrainingExample> clicks(List<MiniBatch> log) {
        return log.stream().flatMap(batch -> batch.examples().stream()).toList();
    }
}
