import { testWork } from "../jobs/_work_contract.ts";
import { onNats } from "./_on_nats.ts";

testWork(onNats);
