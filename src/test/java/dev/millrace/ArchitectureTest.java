package dev.millrace;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The order of the packages, and the walls between them. */
class ArchitectureTest {

    /** The architecture: a package may import those before it. */
    private static final List<String> PATH = List.of(
            "settings",
            "event",
            "state",
            "feature",
            "attribute",
            "batch",
            "model",
            "exam",
            "alarm",
            "generation",
            "publish",
            "train",
            "index",
            "recall",
            "evaluate",
            "wire",
            "topic",
            "stream",
            "serve",
            "replay",
            "checkpoint",
            "verify",
            "app",
            "bench",
            "cli");

    private static final List<String> SHELL =
            List.of("wire", "topic", "stream", "serve", "replay", "checkpoint", "verify", "app", "bench", "cli");

    private final JavaClasses classes = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.millrace");

    @Test
    void importsPointBackAlongThePath() {
        for (int at = 0; at < PATH.size(); at++) {
            String[] later = PATH.subList(at + 1, PATH.size()).stream()
                    .map(ArchitectureTest::named)
                    .toArray(String[]::new);
            if (later.length > 0) {
                noClasses()
                        .that()
                        .resideInAPackage(named(PATH.get(at)))
                        .should()
                        .dependOnClassesThat()
                        .resideInAnyPackage(later)
                        .allowEmptyShould(true)
                        .check(classes);
            }
        }
    }

    @Test
    void everyPackageHasItsPlace() {
        List<String> found = classes.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.startsWith("dev.millrace.avro"))
                .map(name -> name.substring("dev.millrace.".length()).split("\\.", 2)[0])
                .distinct()
                .sorted()
                .toList();

        assertThat(PATH).containsAll(found);
    }

    @Test
    void nativeMathsStaysInTheModel() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.model..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.nd4j..", "org.deeplearning4j..", "org.bytedeco..")
                .check(classes);
    }

    @Test
    void onnxStaysWithTheCheckpoints() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.millrace.checkpoint..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("ai.onnx..", "com.google.protobuf..")
                .check(classes);
    }

    @Test
    void generatedAvroStaysInTheStream() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        "dev.millrace.wire..", "dev.millrace.topic..", "dev.millrace.stream..", "dev.millrace.avro..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("dev.millrace.avro..", "org.apache.avro..")
                .check(classes);
    }

    @Test
    void theCoreKnowsNoKafkaNoHttpNoFilesNoClockAndNoThreads() {
        String[] core = PATH.stream()
                .filter(name -> !SHELL.contains(name))
                .map(ArchitectureTest::named)
                .toArray(String[]::new);

        noClasses()
                .that()
                .resideInAnyPackage(core)
                .and(not("KernelBench")) // a benchmark reads clocks and files by its nature
                .and(not("PeerInputs"))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.apache.kafka..", "io.javalin..", "org.rocksdb..", "java.nio.file..")
                .orShould()
                .dependOnClassesThat()
                .haveNameMatching(
                        "java\\.lang\\.(Thread|ThreadLocal)|java\\.time\\.(Clock|Instant)|java\\.util\\.Random")
                .orShould()
                .callMethod(System.class, "currentTimeMillis")
                .orShould()
                .callMethod(System.class, "nanoTime")
                .check(classes);
    }

    private static DescribedPredicate<JavaClass> not(String simpleNamePrefix) {
        return DescribedPredicate.describe(
                "are not " + simpleNamePrefix, type -> !type.getName().contains('.' + simpleNamePrefix));
    }

    private static String named(String name) {
        return "dev.millrace." + name + "..";
    }
}
