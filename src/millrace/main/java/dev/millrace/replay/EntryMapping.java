package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureSpec.Source;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/** Turns rows of a mapped table, {@code items} or {@code users}, into entries. */
final class EntryMapping {

    private final Source source;
    private final TableMapping.Column id;
    private final Optional<TableMapping.Column> time;
    private final TableMapping.TimeUnit unit;
    private final List<FeatureColumn> features;

    EntryMapping(TableMapping table, Source source) {
        this.source = source;
        id = table.column("key", source.name().toLowerCase(Locale.ROOT), "column of the id");
        time = table.optionalColumn("time", "column of the time since when the row holds");
        unit = table.timeUnit();
        features = table.features("feature");
    }

    void declare(DeclaredFeatures declared) {
        declared.add(source, features);
    }

    List<FeatureColumn> features() {
        return features;
    }

    FeatureTable.Entry entry(Row row) {
        return new FeatureTable.Entry(
                id(row),
                time.filter(column -> column.given(row).isPresent())
                        .map(column -> OptionalLong.of(unit.millis(column, row)))
                        .orElse(OptionalLong.empty()),
                FeatureColumn.read(features, row));
    }

    String id(Row row) {
        try {
            return source == Source.USER ? UserProfile.requireId(id.in(row)) : CatalogueItem.requireId(id.in(row));
        } catch (UnusableEventException unusable) {
            throw id.named(unusable);
        }
    }
}
