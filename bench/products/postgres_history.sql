-- What Shirube keeps beside the present row, in its simplest form here: every version of every record.
CREATE TABLE history (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), record bigint NOT NULL, content jsonb NOT NULL);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO history (record, content) SELECT id, to_jsonb(n) FROM fresh n;
  RETURN NULL;
END $$;
CREATE TRIGGER keep AFTER INSERT ON project REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep();
