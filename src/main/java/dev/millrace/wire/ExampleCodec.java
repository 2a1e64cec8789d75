package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.feature.UserFeatures;

/** Training examples, catalogue changes and user features between core and Avro. */
final class ExampleCodec {

    private static final CatalogueChange.Visitor<Object> TO_UNION = new ToUnion();

    private ExampleCodec() {}

    static TrainingRecord toAvro(TrainingExample example) {
        return new TrainingRecord(new ExampleRecord(
                example.id(),
                toAvro(example.user()),
                FeatureCodec.toAvro(example.context()),
                example.item(),
                example.action(),
                example.weight(),
                instant(example.time()),
                instant(example.producedAt()),
                example.isPositive()));
    }

    static TrainingExample toCore(ExampleRecord example) {
        return new TrainingExample(
                example.getExampleId(),
                toCore(example.getUser()),
                FeatureCodec.toCore(example.getContext()),
                example.getItemId(),
                example.getAction(),
                example.getWeight(),
                example.getTime().toEpochMilli(),
                example.getProducedAt().toEpochMilli(),
                example.getClicked());
    }

    /** An {@link ItemEvent} or {@link ItemRemoval}, as unions hold it. */
    static Object toAvro(CatalogueChange change) {
        return change.accept(TO_UNION);
    }

    private static final class ToUnion implements CatalogueChange.Visitor<Object> {

        @Override
        public Object upsert(CatalogueChange.Upsert upsert) {
            return EventCodec.toAvro(upsert.item());
        }

        @Override
        public Object removal(CatalogueChange.Removal removal) {
            return new ItemRemoval(removal.itemId(), instant(removal.time()));
        }
    }

    /** The other way of {@link #toAvro(CatalogueChange)}. */
    static CatalogueChange toCore(Object change) {
        if (change instanceof ItemEvent item) {
            return new CatalogueChange.Upsert(EventCodec.toCore(item));
        } else if (change instanceof ItemRemoval removal) {
            return new CatalogueChange.Removal(
                    removal.getItemId(), removal.getTime().toEpochMilli());
        }
        throw new IllegalStateException("a catalogue change is of " + change.getClass() + ", which its schema has not");
    }

    static UserFeaturesRecord toAvro(UserFeatures user) {
        return new UserFeaturesRecord(
                user.user(), instant(user.time()), FeatureCodec.toAvro(user.features()), user.history());
    }

    static UserFeatures toCore(UserFeaturesRecord user) {
        return new UserFeatures(
                user.getUserId(),
                user.getTime().toEpochMilli(),
                FeatureCodec.toCore(user.getFeatures()),
                user.getHistory());
    }
}
