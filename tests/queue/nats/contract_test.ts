import { testJobs } from "../jobs/_contract.ts";
import { onNats } from "./_on_nats.ts";

testJobs(onNats);
