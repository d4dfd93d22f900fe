CREATE TABLE readings (sensor bigint NOT NULL, taken_at timestamptz NOT NULL) PARTITION BY RANGE (taken_at);
CREATE TABLE readings_2026 PARTITION OF readings FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE readings_2025 (LIKE readings);
CREATE TABLE readings_2024 (LIKE readings, CHECK (taken_at >= '2024-01-01' AND taken_at < '2025-01-01'));

CREATE TABLE visits (path text NOT NULL, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE visits_2026 PARTITION OF visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE visits_other PARTITION OF visits DEFAULT;
