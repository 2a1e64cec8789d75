package dev.millrace.draft;

import dev.millrace.draft.FeatureDraft.Owner;
import dev.millrace.replay.LogSample;
import dev.millrace.replay.TimeScale;
import java.util.List;
import java.util.Locale;

/** The mapping of a draft, with the reason of each choice above its key. */
record MappingText(LogSample sample, KeyColumns keys, Deeds deeds, FeatureDrafts features) {

    String text(String file) {
        PropertiesText text = new PropertiesText();
        text.comment(String.format(
                Locale.ROOT,
                "Drafted by millrace init from %s %,d rows of %s%s. docs/your-own-data.md explains every key.",
                sample.isWhole() ? "the" : "the first",
                sample.rows(),
                sample.file().getFileName(),
                sample.badRows() == 0
                        ? ""
                        : String.format(Locale.ROOT, "; %,d more could not be read", sample.badRows())));
        text.comment("The reasons are figures of these rows. Look at the lines that begin with UNSURE.");
        deeds.accept(new Deeds.Visitor<PropertiesText>() {
            @Override
            public PropertiesText flags(Deeds.Flags flags) {
                section(text, "log", file);
                text.blank().reason("click, " + flags.choice().what(), flags.choice());
                flags.click().ifPresent(column -> text.set("log.clicked", column.name()));
                flags.others()
                        .forEach(column -> text.set(
                                "log.flag." + column.name(), column.words().deed()));
                features(text, "log", true);
                return text;
            }

            @Override
            public PropertiesText outcomes(Deeds.Outcomes outcomes) {
                section(text, "log", file);
                text.blank().reason("action, " + outcomes.column().name(), outcomes.choice());
                text.set("log.action", outcomes.column().name());
                features(text, "log", true);
                return text;
            }

            @Override
            public PropertiesText actions(Deeds.Actions actions) {
                if (!actions.shown().isEmpty()) {
                    section(text, "exposures", file);
                    text.set("exposures.where." + actions.column().name(), String.join(",", actions.shown()));
                    features(text, "exposures", true);
                }
                section(text, "clicks", file);
                text.blank().reason("action, " + actions.column().name(), actions.choice());
                text.set("clicks.action", actions.column().name());
                if (!actions.shown().isEmpty()) {
                    text.set("clicks.where." + actions.column().name(), String.join(",", actions.done()));
                }
                features(text, "clicks", actions.shown().isEmpty());
                return text;
            }

            @Override
            public PropertiesText clicks(Deeds.Clicks clicks) {
                section(text, "clicks", file);
                text.blank().reason("click", clicks.choice());
                features(text, "clicks", true);
                return text;
            }
        });
        text.blank()
                .comment(
                        "A table of what items have, a row each, is a section too (docs/your-own-data.md#an-item-table):")
                .comment("  items.files = items.csv")
                .comment("  items.key = " + keys.item().name())
                .comment("  items.feature.title = category");
        leftOut(text);
        return text.text();
    }

    private void section(PropertiesText text, String section, String file) {
        text.blank().set(section + ".files", file);
        sample.written().forEach((key, value) -> text.set(section + "." + key, value));
        text.blank().reason("user, " + keys.user().name(), keys.reason(Role.USER));
        text.set(section + ".user", keys.user().name());
        text.blank().reason("item, " + keys.item().name(), keys.reason(Role.ITEM));
        text.set(section + ".item", keys.item().name());
        text.blank().reason("time, " + keys.time().name(), keys.reason(Role.TIME));
        text.set(section + ".time", keys.time().name());
        text.set(
                section + ".time.unit", keys.time().time().map(TimeScale::label).orElse(TimeScale.MS.label()));
    }

    /** @param withReasons false if another section gave them */
    private void features(PropertiesText text, String section, boolean withReasons) {
        for (Owner owner : Owner.values()) {
            for (FeatureDraft feature : features.of(owner)) {
                if (withReasons) {
                    text.blank()
                            .reason(
                                    "feature of the " + owner.name().toLowerCase(Locale.ROOT) + ", " + feature.column(),
                                    feature.choice());
                }
                text.set(
                        section + "." + owner.name().toLowerCase(Locale.ROOT) + "-feature." + feature.column(),
                        feature.shape().kind()
                                + (feature.name().equals(feature.column()) ? "" : " as " + feature.name()));
            }
        }
    }

    private void leftOut(PropertiesText text) {
        List<Choice> columns = features.leftOut();
        if (!columns.isEmpty()) {
            text.blank().comment("Left out:");
            columns.forEach(column -> text.comment("  "
                    + (column.what().isEmpty() ? "a column without a name" : column.what())
                    + ": "
                    + column.why()
                    + column.doubt().map(doubt -> "; " + doubt).orElse("")));
        }
    }
}
