package dev.millrace.checkpoint;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;

/** The JSON file beside files for other programs: which learner they come from, and what else is put into it. */
final class ExportManifest {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final ObjectNode root = JSON.createObjectNode();

    ExportManifest(Checkpoint.Header header) {
        root.put("generation", header.lineage().generation())
                .put("step", header.step())
                .put("digest", header.learnt().digest())
                .put("settingsHash", header.lineage().settingsHash())
                .put("engine", header.lineage().fingerprint())
                .put("millrace", header.origin().version())
                .put("writtenAt", header.origin().writtenAt());
    }

    ObjectNode root() {
        return root;
    }

    void write(Path file) throws IOException {
        byte[] text = JSON.writeValueAsBytes(root);
        WholeFile.write(file, out -> out.write(text));
    }
}
